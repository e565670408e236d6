//! What the node's parts measure over time, for `/metrics`.

mod gateway;
mod mesh;
mod traces;
mod work;

use std::sync::Arc;

use flotilla_gateway::Metrics;
use flotilla_mesh::Mesh;
use flotilla_telemetry::Telemetry;
use prometheus_client::registry::Registry;

use gateway::GatewayMetrics;
use mesh::MeshMetrics;
use traces::TraceMetrics;
pub(crate) use work::WorkMetrics;

/// All of it.
pub(crate) struct Measured {
    work: WorkMetrics,
    gateway: GatewayMetrics,
    mesh: MeshMetrics,
    traces: TraceMetrics,
}

impl Measured {
    pub(crate) fn new(work: WorkMetrics, gateway: &Arc<Metrics>, mesh: Mesh, telemetry: &Telemetry) -> Self {
        let (gateway, mesh) = (GatewayMetrics(Arc::clone(gateway)), MeshMetrics(mesh));
        Self { work, gateway, mesh, traces: TraceMetrics::of(telemetry) }
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        self.work.register(registry);
        self.gateway.register(registry);
        self.mesh.register(registry);
        self.traces.register(registry);
    }
}
