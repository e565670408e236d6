//! What became of the spans of this node.

use std::sync::Arc;

use flotilla_telemetry::{Counts, Telemetry};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LossLabels {
    reason: &'static str,
}

#[derive(Clone)]
pub(crate) struct TraceMetrics(Arc<dyn Fn() -> Counts + Send + Sync>);

impl TraceMetrics {
    pub(crate) fn of(telemetry: &Telemetry) -> Self {
        Self(Arc::new(telemetry.counts()))
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        let counts = (self.0)();
        let lost = Family::<LossLabels, Counter>::default();
        for (reason, spans) in [("queue-full", counts.queue_full), ("export-failed", counts.export_failed)] {
            lost.get_or_create(&LossLabels { reason }).inc_by(spans);
        }
        registry.register("trace_spans_exported", "Spans that the receiver took", ConstCounter::new(counts.exported));
        registry.register("trace_spans_dropped", "Spans that were lost", lost);
    }
}
