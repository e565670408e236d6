//! What joins the nodes: wires made for the simulation, or the real mesh over a network in memory.

mod direct;
mod joint;
mod mesh;
mod trust;

use std::sync::Arc;

use async_trait::async_trait;
use flotilla_consensus::sim::LinkFaults;
use flotilla_consensus::{Consensus, Transport};
use flotilla_model::NodeId;

pub(crate) use direct::DirectWires;
pub(crate) use mesh::MeshWires;

/// A node's end of the wires.
pub(crate) struct Plug {
    pub(crate) transport: Arc<dyn Transport>,
    /// Lets the others reach the node, once it is there.
    pub(crate) open: Box<dyn FnOnce(Consensus) + Send>,
}

#[async_trait]
pub(crate) trait Wires: Send + Sync {
    /// A node's process starts.
    async fn plug(&self, node: NodeId) -> Plug;

    /// A node's process dies: what is on its way to and from it is lost.
    fn unplug(&self, node: NodeId);

    /// Nothing gets from one node to another, until all is mended.
    fn cut(&self, from: NodeId, to: NodeId);

    /// All connections between two nodes break; new ones can be made.
    fn reset(&self, first: NodeId, second: NodeId);

    /// Ends all cuts.
    fn mend(&self);

    /// Sets delays and losses.
    fn set_faults(&self, faults: LinkFaults);
}
