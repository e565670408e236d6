//! A worker's desk: what it works on. It outlives the worker's incarnations, so that the work of one that panicked is
//! reported by the next and never lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use flotilla_model::{EventId, StepReport, StepResult, WorkEnd, WorkItem, WorkResult, WorkerId};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::ports::{Progress, WorkOutcome};

/// An event on the desk.
#[derive(Debug)]
struct Job {
    work: Arc<WorkItem>,
    progress: Progress,
    started: Instant,
    started_ms: u64,
    is_revoked: bool,
    /// Stopped to be given back: what can be repeated goes on elsewhere.
    is_recalled: bool,
    /// Why the run ends; the next incarnation reports it.
    failure: Option<String>,
    /// The run is given up, though it goes on.
    is_condemned: bool,
}

impl Job {
    fn is(&self, work: &WorkItem) -> bool {
        self.is_lease(work.event.id, work.lease.attempt)
    }

    fn is_lease(&self, event: EventId, attempt: u32) -> bool {
        self.work.event.id == event && self.work.lease.attempt == attempt
    }

    fn result(self, worker: WorkerId, mut outcome: WorkOutcome) -> (WorkResult, u64) {
        shorten(&mut outcome);
        let result = WorkResult {
            event: self.work.event.id,
            attempt: self.work.lease.attempt,
            worker,
            steps: outcome.steps,
            end: outcome.end,
        };
        (result, u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
}

/// Which of a worker's incarnations, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Incarnation(u64);

#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) worker: WorkerId,
    retired: watch::Sender<bool>,
    /// Changed under the lock of `job`.
    incarnation: AtomicU64,
    job: Mutex<Option<Job>>,
    /// Rings when the job was revoked.
    revoked: Notify,
    /// Rings when the job was condemned.
    condemned: Notify,
}

impl Desk {
    pub(crate) fn new(worker: WorkerId) -> Self {
        Self {
            worker,
            retired: watch::Sender::new(false),
            incarnation: AtomicU64::new(0),
            job: Mutex::new(None),
            revoked: Notify::new(),
            condemned: Notify::new(),
        }
    }

    /// The worker leaves when its event has ended, unless it is asked to stay after all.
    pub(crate) fn set_retired(&self, retired: bool) {
        self.retired.send_replace(retired);
    }

    /// Waits until the worker is retired.
    pub(crate) async fn retirement(&self) {
        // The desk owns the sender, so that this never fails.
        let _ = self.retired.subscribe().wait_for(|retired| *retired).await;
    }

    /// A new incarnation of the worker sits down. What an earlier one has left is told honestly.
    pub(crate) fn sit_down(&self) -> (Incarnation, Option<(WorkResult, u64)>) {
        let mut job = self.job.lock();
        let incarnation = Incarnation(self.incarnation.fetch_add(1, Ordering::Relaxed) + 1);
        (incarnation, job.take().map(|job| self.abandon(job)))
    }

    /// Whether it is this incarnation's. An earlier one may still run for a moment, on another thread.
    pub(crate) fn is_of(&self, incarnation: Incarnation) -> bool {
        let _changes = self.job.lock();
        self.incarnation.load(Ordering::Relaxed) == incarnation.0
    }

    /// Puts an event on the desk.
    pub(crate) fn take(&self, work: Arc<WorkItem>, now_unix_ms: u64) -> Progress {
        let progress = Progress::default();
        let job = Job {
            work,
            progress: progress.clone(),
            started: Instant::now(),
            started_ms: now_unix_ms,
            is_revoked: false,
            is_recalled: false,
            failure: None,
            is_condemned: false,
        };
        *self.job.lock() = Some(job);
        progress
    }

    /// Why the run is about to be given up; the next incarnation reports it.
    pub(crate) fn note_failure(&self, work: &WorkItem, reason: String) {
        if let Some(job) = self.job.lock().as_mut().filter(|job| job.is(work)) {
            job.failure = Some(reason);
        }
    }

    /// Stops the run if it is this one.
    pub(crate) fn revoke(&self, event: EventId, attempt: u32) {
        if let Some(job) = self.job.lock().as_mut().filter(|job| job.is_lease(event, attempt)) {
            job.is_revoked = true;
            self.revoked.notify_one();
        }
    }

    /// Stops the run, whatever it is, to be given back.
    pub(crate) fn recall(&self) {
        if let Some(job) = self.job.lock().as_mut().filter(|job| !job.is_recalled) {
            job.is_revoked = true;
            job.is_recalled = true;
            job.failure = Some("the Transaction Manager of this node was stopped".to_owned());
            self.revoked.notify_one();
        }
    }

    /// What is to be told of a run that was stopped to be given back.
    pub(crate) fn recalled(&self, work: &WorkItem) -> Option<(WorkResult, u64)> {
        let job = self.job.lock().take_if(|job| job.is(work) && job.is_recalled)?;
        Some(self.abandon(job))
    }

    /// Waits until the job is revoked.
    pub(crate) async fn revocation(&self, work: &WorkItem) {
        let is_revoked = || self.job.lock().as_ref().is_some_and(|job| job.is(work) && job.is_revoked);
        while !is_revoked() {
            // It may have rung for an earlier job, hence the loop.
            self.revoked.notified().await;
        }
    }

    /// The lease of a job that runs longer than it may: it makes no progress.
    pub(crate) fn overdue(&self, now: Instant) -> Option<(EventId, u32)> {
        let job = self.job.lock();
        let job = job.as_ref().filter(|job| job.progress.is_overdue(now))?;
        Some((job.work.event.id, job.work.lease.attempt))
    }

    /// Gives the run up if it is overdue.
    pub(crate) fn condemn_if_overdue(&self, now: Instant) {
        let mut job = self.job.lock();
        let Some(job) = job.as_mut().filter(|job| !job.is_condemned && job.progress.is_overdue(now)) else { return };
        job.is_condemned = true;
        job.failure = Some(match job.progress.running() {
            Some(running) => format!("step {} hung and was cancelled", running.step),
            None => "the run hung between its steps and was cancelled".to_owned(),
        });
        self.condemned.notify_one();
    }

    /// Waits until the job on the desk is given up, and says why.
    pub(crate) async fn condemnation(&self) -> String {
        let reason = || self.job.lock().as_ref().filter(|job| job.is_condemned).and_then(|job| job.failure.clone());
        loop {
            if let Some(reason) = reason() {
                return reason;
            }
            // It may have rung for a job that ended after all.
            self.condemned.notified().await;
        }
    }

    /// Clears the desk without a result.
    pub(crate) fn clear(&self, work: &WorkItem) -> bool {
        self.job.lock().take_if(|job| job.is(work)).is_some()
    }

    /// The run has returned. Nothing if the desk was cleared meanwhile: a run that was given up may return late.
    pub(crate) fn finish(&self, work: &WorkItem, outcome: WorkOutcome) -> Option<(WorkResult, u64)> {
        let job = self.job.lock().take_if(|job| job.is(work))?;
        Some(job.result(self.worker, outcome))
    }

    /// The run never returned.
    fn abandon(&self, mut job: Job) -> (WorkResult, u64) {
        let reason = job.failure.take().unwrap_or_else(|| "the worker was cut off".to_owned());
        let mut outcome = interrupted(&job.work, self.worker, &job.progress, reason, job.started_ms);
        if job.is_recalled && matches!(outcome.end, WorkEnd::Failed { .. }) {
            // It is not the event's fault, and no try of its own.
            outcome = WorkOutcome { steps: job.progress.ended(), end: WorkEnd::Returned };
        }
        job.result(self.worker, outcome)
    }
}

/// Texts come from outside (a panic, a program, a server) and go into the log and the state of every node.
const TEXT_BYTES_MAX: usize = 2048;

fn shorten(outcome: &mut WorkOutcome) {
    let cut = |text: &mut String| {
        if text.len() > TEXT_BYTES_MAX {
            text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
            text.push('…');
        }
    };
    for step in &mut outcome.steps {
        let (StepResult::Succeeded { detail: text } | StepResult::Failed { message: text }) = &mut step.result;
        cut(text);
    }
    if let WorkEnd::Failed { reason, .. }
    | WorkEnd::OutcomeUnknown { reason, .. }
    | WorkEnd::FailedInternally { reason } = &mut outcome.end
    {
        cut(reason);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let long = "ä".repeat(3000);
        let step = StepReport {
            step: 0,
            kind: "command".to_owned(),
            attempt: 1,
            node: flotilla_model::NodeId(1),
            worker: WorkerId(1),
            started_ms: 0,
            duration_us: 0,
            result: StepResult::Failed { message: long.clone() },
        };
        let end = WorkEnd::Failed { reason: format!("x{long}"), retryable: true };
        let mut outcome = WorkOutcome { steps: vec![step], end };
        shorten(&mut outcome);
        let (StepResult::Failed { message }, WorkEnd::Failed { reason, .. }) = (&outcome.steps[0].result, &outcome.end)
        else {
            panic!("{outcome:?}");
        };
        assert_eq!((message.chars().count(), reason.chars().count()), (1025, 1025));
        assert!(message.ends_with("ä…") && reason.ends_with("ä…"));
    }
}
