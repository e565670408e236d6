//! What the node's parts measure over time, for `/metrics`.

mod gateway;
mod traces;
mod work;

use std::sync::Arc;

use flotilla_gateway::Metrics;
use flotilla_telemetry::Telemetry;
use prometheus_client::registry::Registry;

use gateway::GatewayMetrics;
use traces::TraceMetrics;
pub(crate) use work::WorkMetrics;

/// All of it.
pub(crate) struct Measured {
    work: WorkMetrics,
    gateway: GatewayMetrics,
    traces: TraceMetrics,
}

impl Measured {
    pub(crate) fn new(work: WorkMetrics, gateway: &Arc<Metrics>, telemetry: &Telemetry) -> Self {
        Self { work, gateway: GatewayMetrics(Arc::clone(gateway)), traces: TraceMetrics::of(telemetry) }
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        self.work.register(registry);
        self.gateway.register(registry);
        self.traces.register(registry);
    }
}
