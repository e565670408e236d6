//! A worker's run of an event, and the steps in it.

use std::time::Duration;

use flotilla_model::{EventId, NodeId, WorkerId};
use opentelemetry::trace::SpanKind;

use super::Span;
use crate::trace::Trace;
use crate::tracer::Tracer;

/// What is known of a run when it begins.
#[derive(Clone, Copy, Debug)]
pub struct EventRun<'a> {
    pub trace: Trace,
    pub event: EventId,
    pub kind: &'a str,
    pub account: &'a str,
    /// The node that took the file or the event.
    pub origin: NodeId,
    pub worker: WorkerId,
    /// The number of the lease, from 1.
    pub attempt: u32,
    /// From the publishing to the first run.
    pub wait: Option<Duration>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd<'a> {
    Done,
    Failed { reason: &'a str },
    OutcomeUnknown { reason: &'a str },
    Returned,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepEnd<'a> {
    Succeeded,
    Failed {
        reason: &'a str,
    },
    OutcomeUnknown {
        reason: &'a str,
    },
    /// Somebody else has the event now: what came of the step counts for nothing.
    LeaseLost,
}

impl<'a> RunEnd<'a> {
    fn told(self) -> (&'static str, Option<&'a str>) {
        match self {
            Self::Done => ("done", None),
            Self::Failed { reason } => ("failed", Some(reason)),
            Self::OutcomeUnknown { reason } => ("outcome-unknown", Some(reason)),
            Self::Returned => ("returned", None),
        }
    }
}

impl<'a> StepEnd<'a> {
    /// The name in attributes and labels.
    pub fn name(self) -> &'static str {
        self.told().0
    }

    fn told(self) -> (&'static str, Option<&'a str>) {
        match self {
            Self::Succeeded => ("succeeded", None),
            Self::Failed { reason } => ("failed", Some(reason)),
            Self::OutcomeUnknown { reason } => ("outcome-unknown", Some(reason)),
            Self::LeaseLost => ("lease-lost", Some("the lease is not valid any more")),
        }
    }
}

/// A run under way.
#[derive(Debug)]
pub struct EventSpan(Span);

impl EventSpan {
    pub(crate) fn begin(tracer: &Tracer, run: &EventRun<'_>) -> Self {
        let Some(shared) = tracer.sampled(run.trace) else { return Self(Span(None)) };
        let mut span = Span::below_root(shared, run.trace, run.origin != shared.node, "event", SpanKind::Consumer);
        span.set("flotilla.event", run.event.0 as i64);
        span.set("flotilla.event.kind", run.kind.to_owned());
        span.set("flotilla.account", run.account.to_owned());
        span.set("flotilla.origin", run.origin.0 as i64);
        span.set("flotilla.worker", i64::from(run.worker.0));
        span.set("flotilla.attempt", i64::from(run.attempt));
        if let Some(wait) = run.wait {
            span.set("flotilla.wait_ms", wait.as_millis() as i64);
        }
        Self(span)
    }

    /// A step begins; `kind` is its name in routes, `index` its place in this one.
    pub fn step(&self, index: u32, kind: &'static str) -> StepSpan {
        let mut span = self.0.child("step");
        span.set("flotilla.step", i64::from(index));
        span.set("flotilla.step.kind", kind);
        StepSpan(span)
    }

    pub fn end(self, end: RunEnd<'_>) {
        finish(self.0, end.told());
    }
}

/// A step under way.
#[derive(Debug)]
pub struct StepSpan(Span);

impl StepSpan {
    /// The W3C `traceparent` header for calls that the step makes; nothing when its trace is not exported.
    pub fn traceparent(&self) -> Option<String> {
        self.0.traceparent()
    }

    pub fn end(self, end: StepEnd<'_>) {
        finish(self.0, end.told());
    }
}

fn finish(mut span: Span, (result, reason): (&'static str, Option<&str>)) {
    span.set("flotilla.result", result);
    match reason {
        None => span.end(),
        Some(reason) => span.fail(reason),
    }
}
