//! The work of a GMP worker: who runs an event's steps, and how far a run has come.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use flotilla_model::{StepReport, WorkEnd, WorkItem, WorkerId};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkOutcome {
    /// Runs of steps, in order.
    pub steps: Vec<StepReport>,
    /// The end.
    pub end: WorkEnd,
}

/// Runs the steps of events. Panics and hangs are dealt with by the caller.
#[async_trait]
pub trait StepRunner: Send + Sync + 'static {
    /// Runs the event's steps from `next_step` on. Notes in `progress` each step before it begins and after it ended, so
    /// that a run that never returns is reported honestly. Runs on the shared runtime; cancelled by being dropped.
    async fn run(&self, work: Arc<WorkItem>, worker: WorkerId, progress: Progress) -> WorkOutcome;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Running {
    pub(crate) step: u32,
    pub(crate) is_idempotent: bool,
    pub(crate) overdue_at: Instant,
}

#[derive(Debug, Default)]
struct Noted {
    running: Option<Running>,
    ended: Vec<StepReport>,
}

/// How far a run has come. Shared by the runner and the worker that watches it.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    noted: Arc<Mutex<Noted>>,
    moved: Arc<Notify>,
}

impl Progress {
    /// A step is about to begin; it is taken for hung, cancelled and reported when it runs longer than `timeout`.
    pub fn begin(&self, step: u32, is_idempotent: bool, timeout: Duration) {
        let running = Running { step, is_idempotent, overdue_at: Instant::now() + timeout };
        self.noted.lock().running = Some(running);
        self.moved.notify_one();
    }

    /// The step has ended.
    pub fn end(&self, report: StepReport) {
        let mut noted = self.noted.lock();
        noted.running = None;
        noted.ended.push(report);
        drop(noted);
        self.moved.notify_one();
    }

    /// Steps that have ended.
    pub fn ended(&self) -> Vec<StepReport> {
        self.noted.lock().ended.clone()
    }

    pub(crate) fn running(&self) -> Option<Running> {
        self.noted.lock().running
    }

    /// Waits until a step is overdue, or `between` passes with no step running.
    pub(crate) async fn overdue(&self, between: Duration) {
        loop {
            let overdue_at = self.running().map_or_else(|| Instant::now() + between, |running| running.overdue_at);
            tokio::select! {
                () = tokio::time::sleep_until(overdue_at.into()) => return,
                () = self.moved.notified() => {}
            }
        }
    }
}
