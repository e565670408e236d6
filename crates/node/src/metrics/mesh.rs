//! Bytes between the nodes, by lane, over the connections that this node has made.

use flotilla_mesh::{Lane, Mesh};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LaneLabels {
    lane: &'static str,
}

#[derive(Clone)]
pub(crate) struct MeshMetrics(pub(crate) Mesh);

impl MeshMetrics {
    pub(crate) fn register(&self, registry: &mut Registry) {
        let (sent, received) = (Family::<LaneLabels, Counter>::default(), Family::<LaneLabels, Counter>::default());
        let count = |lane, sent_bytes, received_bytes| {
            let labels = LaneLabels { lane: name(lane) };
            sent.get_or_create(&labels).inc_by(sent_bytes);
            received.get_or_create(&labels).inc_by(received_bytes);
        };
        self.0.links().into_iter().for_each(|link| count(link.lane, link.sent_bytes, link.received_bytes));
        self.0.bulk().into_iter().for_each(|bulk| count(Lane::Bulk, bulk.sent_bytes, bulk.received_bytes));
        registry.register("mesh_sent_bytes", "Bytes sent over connections that this node has made", sent);
        registry.register("mesh_received_bytes", "Bytes received over connections that this node has made", received);
    }
}

fn name(lane: Lane) -> &'static str {
    match lane {
        Lane::Liveness => "liveness",
        Lane::Raft => "raft",
        Lane::Control => "control",
        Lane::Bulk => "bulk",
    }
}
