//! Spans: each ends by itself, at the latest when it is dropped, so that work that was cut off is told of as such.

mod event;
mod publish;
mod upload;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::trace::{Link, SpanContext, SpanKind, Status};
use opentelemetry::{KeyValue, SpanId, TraceId, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

pub use event::{EventRun, EventSpan, RunEnd, StepEnd, StepSpan};
pub use publish::Publish;
pub use upload::{Upload, UploadSpan};

use crate::trace::Trace;
use crate::tracer::Shared;

/// Reasons of failures come from anywhere; of longer ones the beginning will do.
const REASON_BYTES_MAX: usize = 1024;

/// Something that takes time. Nothing, when its trace is not among those that are traced.
#[derive(Debug)]
#[must_use = "a span that is dropped at once tells of work that was cut off"]
pub struct Span(Option<Box<Open>>);

#[derive(Debug)]
struct Open {
    shared: Arc<Shared>,
    trace: TraceId,
    id: SpanId,
    parent: SpanId,
    parent_is_remote: bool,
    kind: SpanKind,
    name: &'static str,
    started: SystemTime,
    attributes: Vec<KeyValue>,
    links: SpanLinks,
}

impl Span {
    /// The first span of a trace.
    fn root(shared: &Arc<Shared>, trace: Trace, name: &'static str, kind: SpanKind, started: SystemTime) -> Self {
        Self::open(shared, trace.id(), trace.root(), (SpanId::INVALID, false), name, kind, started)
    }

    /// A child of the first span of a trace, which may have been made on another node.
    fn below_root(shared: &Arc<Shared>, trace: Trace, is_remote: bool, name: &'static str, kind: SpanKind) -> Self {
        let (id, parent) = (shared.new_span_id(), (trace.root(), is_remote));
        Self::open(shared, trace.id(), id, parent, name, kind, SystemTime::now())
    }

    fn child(&self, name: &'static str) -> Self {
        let Some(above) = &self.0 else { return Self(None) };
        let id = above.shared.new_span_id();
        Self::open(&above.shared, above.trace, id, (above.id, false), name, SpanKind::Internal, SystemTime::now())
    }

    fn open(
        shared: &Arc<Shared>,
        trace: TraceId,
        id: SpanId,
        (parent, parent_is_remote): (SpanId, bool),
        name: &'static str,
        kind: SpanKind,
        started: SystemTime,
    ) -> Self {
        let attributes = shared.common_attributes();
        let (shared, links) = (Arc::clone(shared), SpanLinks::default());
        let open = Open { shared, trace, id, parent, parent_is_remote, kind, name, started, attributes, links };
        Self(Some(Box::new(open)))
    }

    fn set(&mut self, key: &'static str, value: impl Into<Value>) {
        if let Some(open) = &mut self.0 {
            open.attributes.push(KeyValue::new(key, value));
        }
    }

    fn link(&mut self, context: Option<SpanContext>) {
        if let (Some(open), Some(context)) = (&mut self.0, context) {
            open.links.links.push(Link::with_context(context));
        }
    }

    /// The W3C header that names this span to whoever is called.
    fn traceparent(&self) -> Option<String> {
        let open = self.0.as_ref()?;
        Some(format!("00-{}-{}-01", open.trace, open.id))
    }

    /// It went well.
    pub fn end(mut self) {
        self.finish(Status::Unset);
    }

    /// It went as `result` says.
    pub fn end_with<T, E: fmt::Display>(mut self, result: &Result<T, E>) {
        if self.0.is_some() {
            self.finish(result.as_ref().map_or_else(|error| failed(&error.to_string()), |_| Status::Unset));
        }
    }

    /// It went wrong.
    pub fn fail(mut self, reason: &str) {
        self.finish(failed(reason));
    }

    fn finish(&mut self, status: Status) {
        let Some(open) = self.0.take() else { return };
        let span = SpanData {
            span_context: open.shared.context(open.trace, open.id),
            parent_span_id: open.parent,
            parent_span_is_remote: open.parent_is_remote,
            span_kind: open.kind,
            name: Cow::Borrowed(open.name),
            start_time: open.started,
            // The clock may have been set back.
            end_time: SystemTime::now().max(open.started),
            attributes: open.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: open.links,
            status,
            instrumentation_scope: open.shared.scope.clone(),
        };
        open.shared.hand_over(span);
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.finish(failed("cut off"));
    }
}

fn failed(reason: &str) -> Status {
    Status::error(shortened(reason).to_owned())
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(REASON_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_reasons_are_cut_between_characters() {
        assert_eq!(shortened("no answer"), "no answer");
        let long = "ä".repeat(REASON_BYTES_MAX);
        assert_eq!(shortened(&format!("x{long}")).len(), REASON_BYTES_MAX - 1);
    }
}
