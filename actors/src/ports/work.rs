//! The work of a GMP worker: who runs an event's steps, and how far a run has come.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use flotilla_model::{StepReport, WorkEnd, WorkItem, WorkerId};
use parking_lot::Mutex;

/// A run that is in no step for this long hangs as well. Between steps there are only proposals to the log, and these
/// wait for a quorum at most this long.
const BETWEEN_STEPS: Duration = Duration::from_secs(60);

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkOutcome {
    /// Runs of steps, in order.
    pub steps: Vec<StepReport>,
    /// The end.
    pub end: WorkEnd,
}

/// Runs the steps of events. Panics, hangs and leaks are dealt with by the caller.
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
}

#[derive(Debug)]
struct Noted {
    running: Option<Running>,
    overdue_at: Instant,
    ended: Vec<StepReport>,
    leaked: Option<String>,
}

/// How far a run has come. Shared by the runner and the pool that watches it.
#[derive(Debug, Clone)]
pub struct Progress(Arc<Mutex<Noted>>);

impl Default for Progress {
    fn default() -> Self {
        let overdue_at = Instant::now() + BETWEEN_STEPS;
        Self(Arc::new(Mutex::new(Noted { running: None, overdue_at, ended: Vec::new(), leaked: None })))
    }
}

impl Progress {
    /// A step is about to begin; it is taken for hung, cancelled and reported when it runs longer than `timeout`.
    pub fn begin(&self, step: u32, is_idempotent: bool, timeout: Duration) {
        let mut noted = self.0.lock();
        noted.running = Some(Running { step, is_idempotent });
        noted.overdue_at = Instant::now() + timeout;
    }

    /// The step has ended.
    pub fn end(&self, report: StepReport) {
        let mut noted = self.0.lock();
        noted.running = None;
        noted.overdue_at = Instant::now() + BETWEEN_STEPS;
        noted.ended.push(report);
    }

    /// A step has ended and left something running that it had started. What came of the step stands; the worker is
    /// replaced when its event has ended.
    pub fn leaked(&self, what: String) {
        self.0.lock().leaked.get_or_insert(what);
    }

    /// Steps that have ended.
    pub fn ended(&self) -> Vec<StepReport> {
        self.0.lock().ended.clone()
    }

    pub(crate) fn running(&self) -> Option<Running> {
        self.0.lock().running
    }

    pub(crate) fn what_leaked(&self) -> Option<String> {
        self.0.lock().leaked.clone()
    }

    /// Whether a step runs longer than it may, or none has begun for too long.
    pub(crate) fn is_overdue(&self, now: Instant) -> bool {
        now >= self.0.lock().overdue_at
    }
}
