//! Looks on while events run: how long they waited, how long each step took and how it ended, as spans and as metrics.

use std::time::{Duration, Instant};

use flotilla_model::{EventRecord, WorkEnd, WorkItem, WorkerId};
use flotilla_telemetry::{EventRun, EventSpan, RunEnd, StepEnd, StepSpan, Trace, Tracer};

use super::StepFailure;
use crate::clock::now_ms;
use crate::metrics::WorkMetrics;

/// What runs are seen with.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    pub(crate) cluster_id: u128,
    pub(crate) tracer: Tracer,
    pub(crate) metrics: WorkMetrics,
}

/// A run that is looked at. One that is dropped was cut off.
pub(super) struct RunWatch {
    span: EventSpan,
    metrics: WorkMetrics,
    _time: WorkerTime,
}

/// The time of a worker on a run, which may be cut off.
struct WorkerTime {
    worker: WorkerId,
    started: Instant,
    metrics: WorkMetrics,
}

impl Drop for WorkerTime {
    fn drop(&mut self) {
        self.metrics.worked(self.worker, self.started.elapsed());
    }
}

/// A step that is looked at. One that is dropped was cut off.
pub(super) struct StepWatch {
    kind: &'static str,
    started: Instant,
    metrics: WorkMetrics,
    span: Option<StepSpan>,
}

impl Watch {
    pub(super) fn run(&self, work: &WorkItem, worker: WorkerId) -> RunWatch {
        let event = &work.event;
        // A later run has waited for its turn and for the runs before it: that tells nothing of the queue.
        let wait = (work.lease.attempt == 1).then(|| Duration::from_millis(now_ms().saturating_sub(event.created_ms)));
        if let Some(wait) = wait {
            self.metrics.waited(wait);
        }
        let span = self.tracer.event(&EventRun {
            trace: self.trace_of(event),
            event: event.id,
            kind: event.kind.name(),
            account: event.account.as_str(),
            origin: event.origin,
            worker,
            attempt: work.lease.attempt,
            wait,
        });
        let time = WorkerTime { worker, started: Instant::now(), metrics: self.metrics.clone() };
        RunWatch { span, metrics: self.metrics.clone(), _time: time }
    }

    /// A file has one trace, from its upload on; so has an event from its publishing on.
    fn trace_of(&self, event: &EventRecord) -> Trace {
        match (event.file(), event.options.as_ref().and_then(|options| options.trace_id)) {
            (Some(file), _) => Trace::of_file(file.blob),
            (None, Some(id)) => Trace::given(id),
            (None, None) => Trace::of_event(self.cluster_id, event.id),
        }
    }
}

impl RunWatch {
    pub(super) fn step(&self, index: u32, kind: &'static str) -> StepWatch {
        let span = Some(self.span.step(index, kind));
        StepWatch { kind, started: Instant::now(), metrics: self.metrics.clone(), span }
    }

    pub(super) fn end(self, end: &WorkEnd) {
        self.span.end(match end {
            WorkEnd::Done => RunEnd::Done,
            WorkEnd::Failed { reason, .. } | WorkEnd::FailedInternally { reason } => RunEnd::Failed { reason },
            WorkEnd::OutcomeUnknown { reason, .. } => RunEnd::OutcomeUnknown { reason },
            WorkEnd::Returned => RunEnd::Returned,
        });
    }
}

impl StepWatch {
    pub(super) fn traceparent(&self) -> Option<String> {
        self.span.as_ref().and_then(StepSpan::traceparent)
    }

    pub(super) fn end(mut self, result: &Result<String, StepFailure>) {
        let end = match result {
            Ok(_) => StepEnd::Succeeded,
            Err(StepFailure::Failed { message, .. } | StepFailure::Internal { message }) => {
                StepEnd::Failed { reason: message }
            }
            Err(StepFailure::OutcomeUnknown { message }) => StepEnd::OutcomeUnknown { reason: message },
            Err(StepFailure::LeaseLost) => StepEnd::LeaseLost,
        };
        if let Some(span) = self.span.take() {
            self.metrics.took(self.kind, end.name(), self.started.elapsed());
            span.end(end);
        }
    }
}

impl Drop for StepWatch {
    fn drop(&mut self) {
        if self.span.is_some() {
            self.metrics.took(self.kind, "cut-off", self.started.elapsed());
        }
    }
}
