//! A mesh that stands as the test says.

use std::collections::BTreeMap;

use flotilla_model::NodeId;
use tokio::sync::watch;

use crate::ports::{Changes, Heartbeat, LinkLevel, LinkView, MeshLinks, Peer, changes};

#[derive(Default)]
pub(crate) struct FakeLinks {
    levels: watch::Sender<BTreeMap<NodeId, LinkLevel>>,
    pub(crate) peers: watch::Sender<Vec<Peer>>,
    pub(crate) barred: watch::Sender<Vec<NodeId>>,
    sent: watch::Sender<Option<Heartbeat>>,
}

impl FakeLinks {
    pub(crate) fn set_level(&self, node: u64, level: LinkLevel) {
        self.levels.send_modify(|levels| _ = levels.insert(NodeId(node), level));
    }

    pub(crate) fn remove(&self, node: u64) {
        self.levels.send_modify(|levels| _ = levels.remove(&NodeId(node)));
    }

    pub(crate) async fn next_heartbeat(&self) -> Heartbeat {
        let mut sent = self.sent.subscribe();
        sent.mark_unchanged();
        sent.changed().await.unwrap();
        let heartbeat = sent.borrow().clone();
        heartbeat.unwrap()
    }
}

impl MeshLinks for FakeLinks {
    fn set_peers(&self, peers: Vec<Peer>) {
        self.peers.send_replace(peers);
    }

    fn set_barred(&self, nodes: Vec<NodeId>) {
        self.barred.send_replace(nodes);
    }

    fn links(&self) -> Vec<LinkView> {
        let link = |(node, level): (&NodeId, &LinkLevel)| LinkView {
            node: *node,
            level: *level,
            round_trip_us: None,
            connects: 1,
            last_error: None,
        };
        self.levels.borrow().iter().map(link).collect()
    }

    fn changes(&self) -> Changes {
        changes(self.levels.subscribe())
    }

    fn send_heartbeat(&self, heartbeat: &Heartbeat) {
        self.sent.send_replace(Some(heartbeat.clone()));
    }
}
