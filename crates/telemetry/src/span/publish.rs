//! An event that an application has published: it has a trace of its own, which begins with the publishing.

use std::time::{Duration, UNIX_EPOCH};

use flotilla_model::EventId;
use opentelemetry::trace::SpanKind;

use super::Span;
use crate::trace::Trace;
use crate::traceparent;
use crate::tracer::Tracer;

/// What is known of it once the log has given it its id.
#[derive(Clone, Copy, Debug)]
pub struct Publish<'a> {
    pub cluster_id: u128,
    pub event: EventId,
    pub kind: &'a str,
    pub account: &'a str,
    /// The client's W3C header: becomes a link to their trace.
    pub traceparent: Option<&'a str>,
    /// When the request came, Unix time.
    pub started_ms: u64,
}

impl Publish<'_> {
    pub(crate) fn begin(&self, tracer: &Tracer) -> Span {
        let trace = Trace::of_event(self.cluster_id, self.event);
        let Some(shared) = tracer.sampled(trace) else { return Span(None) };
        let started = UNIX_EPOCH + Duration::from_millis(self.started_ms);
        let mut span = Span::root(shared, trace, "publish", SpanKind::Producer, started);
        span.set("flotilla.account", self.account.to_owned());
        span.set("flotilla.event", self.event.0 as i64);
        span.set("flotilla.event.kind", self.kind.to_owned());
        span.link(self.traceparent.and_then(traceparent::parse));
        span
    }
}
