//! Calls without connections: each request and each answer is delayed or lost by itself.

use std::sync::Arc;

use async_trait::async_trait;
use flotilla_consensus::Transport;
use flotilla_consensus::sim::{LinkFaults, SimNetwork};
use flotilla_model::NodeId;

use super::{Plug, Wires};

pub(crate) struct DirectWires(pub(crate) SimNetwork);

#[async_trait]
impl Wires for DirectWires {
    async fn plug(&self, node: NodeId) -> Plug {
        let transport = Arc::new(self.0.transport(node));
        let network = self.0.clone();
        Plug {
            transport: Arc::clone(&transport) as Arc<dyn Transport>,
            open: Box::new(move |consensus| network.attach(&transport, consensus)),
        }
    }

    fn unplug(&self, node: NodeId) {
        self.0.detach(node);
    }

    fn cut(&self, from: NodeId, to: NodeId) {
        self.0.cut(from, to);
    }

    /// There are no connections that could break.
    fn reset(&self, _first: NodeId, _second: NodeId) {}

    fn mend(&self) {
        self.0.heal();
    }

    fn set_faults(&self, faults: LinkFaults) {
        self.0.set_faults(faults);
    }
}
