//! The handle that parts of a node make spans with.

use std::sync::Arc;

use flotilla_model::NodeId;
use opentelemetry::trace::{SpanContext, SpanKind, TraceFlags, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue, SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, Sampler, SamplingDecision, ShouldSample, SpanData};
use tokio::sync::mpsc;

use crate::counters::{Counters, add};
use crate::span::{EventRun, EventSpan, Publish, Span, Upload, UploadSpan};
use crate::trace::Trace;

/// Makes spans and hands them over to the export. Cloned freely; without an export it does nothing and costs nothing.
#[derive(Clone, Debug, Default)]
pub struct Tracer(Option<Arc<Shared>>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) node: NodeId,
    pub(crate) sampler: Sampler,
    pub(crate) scope: InstrumentationScope,
    pub(crate) ids: RandomIdGenerator,
    pub(crate) queue: mpsc::Sender<SpanData>,
    pub(crate) counters: Arc<Counters>,
}

impl Tracer {
    /// One that does nothing.
    pub fn off() -> Self {
        Self::default()
    }

    pub(crate) fn on(shared: Shared) -> Self {
        Self(Some(Arc::new(shared)))
    }

    /// Whether spans go anywhere at all.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// An upload begins: the first span of its file's trace.
    pub fn upload(&self, upload: &Upload<'_>) -> UploadSpan {
        UploadSpan::begin(self, upload)
    }

    /// An application has published an event: the first span of the event's trace.
    pub fn publish(&self, publish: &Publish<'_>) -> Span {
        publish.begin(self)
    }

    /// A worker begins with an event that it has a lease of.
    pub fn event(&self, run: &EventRun<'_>) -> EventSpan {
        EventSpan::begin(self, run)
    }

    /// What spans of this trace need, when it is one of the share that is traced. The decision hangs on the id alone, so
    /// that all nodes with the same share come to the same one.
    pub(crate) fn sampled(&self, trace: Trace) -> Option<&Arc<Shared>> {
        let shared = self.0.as_ref()?;
        let sampled = shared.sampler.should_sample(None, trace.id(), "", &SpanKind::Internal, &[], &[]);
        (sampled.decision == SamplingDecision::RecordAndSample).then_some(shared)
    }
}

impl Shared {
    /// What every span says.
    pub(crate) fn common_attributes(&self) -> Vec<KeyValue> {
        vec![KeyValue::new("flotilla.node", self.node.0 as i64)]
    }

    pub(crate) fn new_span_id(&self) -> SpanId {
        self.ids.new_span_id()
    }

    pub(crate) fn context(&self, trace: TraceId, span: SpanId) -> SpanContext {
        SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::NONE)
    }

    /// Never waits: a span that finds no room is lost and counted.
    pub(crate) fn hand_over(&self, span: SpanData) {
        if self.queue.try_send(span).is_err() {
            add(&self.counters.queue_full, 1);
        }
    }
}
