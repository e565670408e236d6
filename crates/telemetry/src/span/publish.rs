//! An event that an application has published: it has a trace of its own, or goes on in its publisher's. Either way this is
//! its first span.

use std::time::{Duration, UNIX_EPOCH};

use flotilla_model::EventId;
use opentelemetry::trace::SpanKind;

use super::Span;
use crate::trace::Trace;
use crate::tracer::Tracer;

/// What is known of it once the log has given it its id.
#[derive(Clone, Copy, Debug)]
pub struct Publish<'a> {
    /// The event's own, or the one that its publisher has named.
    pub trace: Trace,
    pub event: EventId,
    pub kind: &'a str,
    pub account: &'a str,
    /// When the request came, Unix time.
    pub started_ms: u64,
}

impl Publish<'_> {
    pub(crate) fn begin(&self, tracer: &Tracer) -> Span {
        let Some(shared) = tracer.sampled(self.trace) else { return Span(None) };
        let started = UNIX_EPOCH + Duration::from_millis(self.started_ms);
        let mut span = Span::root(shared, self.trace, "publish", SpanKind::Producer, started);
        span.set("flotilla.account", self.account.to_owned());
        span.set("flotilla.event", self.event.0 as i64);
        span.set("flotilla.event.kind", self.kind.to_owned());
        span
    }
}
