//! The real mesh over a network in memory: handshakes, admission, lanes, framing, back-off, all of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use flotilla_consensus::random_u64;
use flotilla_consensus::sim::LinkFaults;
use flotilla_mesh::{Identity, MemoryFaults, MemoryNetwork, Mesh, MeshConfig, PeerRole};
use flotilla_model::NodeId;
use parking_lot::Mutex;

use super::joint::{Door, MeshTransport};
use super::{Plug, Wires, trust};
use crate::world::{NODES, address};

pub(crate) struct MeshWires {
    network: MemoryNetwork,
    running: Mutex<BTreeMap<NodeId, Mesh>>,
}

fn name(node: NodeId) -> String {
    address(node).name
}

impl MeshWires {
    pub(crate) fn new(seed: u64) -> Self {
        Self { network: MemoryNetwork::seeded(seed), running: Mutex::default() }
    }
}

#[async_trait]
impl Wires for MeshWires {
    async fn plug(&self, node: NodeId) -> Plug {
        let identity = Identity {
            node_id: node,
            role: PeerRole::Member,
            cluster_id: "simulation".to_owned(),
            software_version: "0.1.0".to_owned(),
        };
        let mut config = MeshConfig::new(identity, address(node).address);
        config.network = Arc::new(self.network.node(&name(node)));
        config.seed = Some(random_u64());
        let (credentials, secrets) = trust::of(node);
        let door = Door::default();
        let mesh = Mesh::bind(config, credentials, secrets, Arc::new(door.clone())).await.unwrap();
        mesh.set_peers(NODES.map(|peer| (peer, address(peer).address)).into());
        self.running.lock().insert(node, mesh.clone());
        Plug {
            transport: Arc::new(MeshTransport(mesh)),
            open: Box::new(move |consensus| assert!(door.0.set(consensus).is_ok())),
        }
    }

    fn unplug(&self, node: NodeId) {
        self.network.crash(&name(node));
        if let Some(mesh) = self.running.lock().remove(&node) {
            // Ends when the last task of the mesh has seen that it is over.
            tokio::spawn(async move { mesh.abort().await });
        }
    }

    fn cut(&self, from: NodeId, to: NodeId) {
        self.network.cut(&name(from), &name(to));
    }

    fn reset(&self, first: NodeId, second: NodeId) {
        self.network.reset(&name(first), &name(second));
    }

    fn mend(&self) {
        self.network.heal();
    }

    /// What is lost on a stream is sent again, and holds up what follows.
    fn set_faults(&self, faults: LinkFaults) {
        let LinkFaults { delay_min, delay_max, losses_per_mille } = faults;
        self.network.set_faults(MemoryFaults { delay_min, delay_max, stalls_per_mille: losses_per_mille });
    }
}
