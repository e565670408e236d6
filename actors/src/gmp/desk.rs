//! A worker's desk: what it works on. It outlives the worker's incarnations, so that the work of one that panicked is
//! reported by the next and never lost.

use std::sync::Arc;
use std::time::Instant;

use flotilla_model::{EventId, StepReport, StepResult, WorkEnd, WorkItem, WorkResult, WorkerId};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::ports::{Progress, WorkOutcome};

/// An event on the desk.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) work: Arc<WorkItem>,
    pub(crate) progress: Progress,
    pub(crate) revoked: CancellationToken,
    started: Instant,
    started_ms: u64,
    failure: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) worker: WorkerId,
    /// The worker leaves when its event has ended.
    pub(crate) retired: CancellationToken,
    job: Mutex<Option<Job>>,
}

impl Desk {
    pub(crate) fn new(worker: WorkerId) -> Self {
        Self { worker, retired: CancellationToken::new(), job: Mutex::new(None) }
    }

    /// Puts an event on the desk.
    pub(crate) fn take(&self, work: Arc<WorkItem>, now_unix_ms: u64) -> (Progress, CancellationToken) {
        let job = Job {
            work,
            progress: Progress::default(),
            revoked: CancellationToken::new(),
            started: Instant::now(),
            started_ms: now_unix_ms,
            failure: None,
        };
        let shared = (job.progress.clone(), job.revoked.clone());
        *self.job.lock() = Some(job);
        shared
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.job.lock().is_some()
    }

    /// Why the run is about to be given up; the next incarnation reports it.
    pub(crate) fn note_failure(&self, reason: String) {
        if let Some(job) = self.job.lock().as_mut() {
            job.failure = Some(reason);
        }
    }

    /// Stops the run if it is this one.
    pub(crate) fn revoke(&self, event: EventId, attempt: u32) {
        if let Some(job) = self.job.lock().as_ref()
            && job.work.event.id == event
            && job.work.lease.attempt == attempt
        {
            job.revoked.cancel();
        }
    }

    /// Clears the desk without a result.
    pub(crate) fn clear(&self) {
        self.job.lock().take();
    }

    /// The run has returned.
    pub(crate) fn finish(&self, outcome: WorkOutcome) -> Option<(WorkResult, u64)> {
        let job = self.job.lock().take()?;
        let duration_us = elapsed_us(job.started);
        let result = WorkResult {
            event: job.work.event.id,
            attempt: job.work.lease.attempt,
            worker: self.worker,
            steps: outcome.steps,
            end: outcome.end,
        };
        Some((result, duration_us))
    }

    /// The run never returned: what is known of it, told honestly.
    pub(crate) fn abandon(&self) -> Option<(WorkResult, u64)> {
        let job = self.job.lock().take()?;
        let reason = job.failure.unwrap_or_else(|| "the worker was cut off".to_owned());
        let outcome = interrupted(&job.work, self.worker, &job.progress, reason, job.started_ms);
        let result = WorkResult {
            event: job.work.event.id,
            attempt: job.work.lease.attempt,
            worker: self.worker,
            steps: outcome.steps,
            end: outcome.end,
        };
        Some((result, elapsed_us(job.started)))
    }
}

fn elapsed_us(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// The outcome of a run that stopped in the middle. If it was in a step that must not be repeated blindly, nobody can
/// tell whether it happened; otherwise it is one more failed attempt.
fn interrupted(work: &WorkItem, worker: WorkerId, progress: &Progress, reason: String, started_ms: u64) -> WorkOutcome {
    let mut steps = progress.ended();
    let Some(running) = progress.running() else {
        return WorkOutcome { steps, end: WorkEnd::Failed { reason, retryable: true } };
    };
    let kind = work.event.route.steps.get(running.step as usize).map_or("unknown", |step| step.kind());
    steps.push(StepReport {
        step: running.step,
        kind: kind.to_owned(),
        attempt: work.lease.attempt,
        node: work.lease.node,
        worker,
        started_ms,
        duration_us: 0,
        result: StepResult::Failed { message: reason.clone() },
    });
    let end = if running.is_idempotent {
        WorkEnd::Failed { reason, retryable: true }
    } else {
        WorkEnd::OutcomeUnknown { step: running.step, reason }
    };
    WorkOutcome { steps, end }
}
