//! The latest heartbeat of each peer. Heartbeats are levels, so the newest replaces the one before: no queue, no flood.

use std::collections::BTreeMap;
use std::sync::Arc;

use flotilla_model::NodeId;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::ports::{Changes, Clock, Heartbeat, changes};

/// More members than a cluster may have; a peer's heartbeat beyond it is dropped.
const PEERS_MAX: usize = 128;

/// Shared by the mesh's handler, which puts, and the actors, which read.
#[derive(Clone)]
pub struct Beats {
    inside: Arc<Inside>,
}

struct Inside {
    clock: Arc<dyn Clock>,
    latest: Mutex<BTreeMap<NodeId, (Heartbeat, u64)>>,
    changed: watch::Sender<()>,
}

impl Beats {
    /// None yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (changed, _) = watch::channel(());
        Self { inside: Arc::new(Inside { clock, latest: Mutex::default(), changed }) }
    }

    /// A heartbeat came from `peer`, whose identity the mesh has proven. One that speaks for another node is dropped.
    pub fn put(&self, peer: NodeId, heartbeat: Heartbeat) {
        if heartbeat.node != peer {
            tracing::warn!(%peer, claimed = %heartbeat.node, "a heartbeat that speaks for another node was dropped");
            return;
        }
        let now_ms = self.inside.clock.monotonic_ms();
        let mut latest = self.inside.latest.lock();
        if latest.len() < PEERS_MAX || latest.contains_key(&peer) {
            latest.insert(peer, (heartbeat, now_ms));
        }
        drop(latest);
        self.inside.changed.send_replace(());
    }

    /// The latest of each peer, with the monotonic time at which it came.
    pub fn latest(&self) -> BTreeMap<NodeId, (Heartbeat, u64)> {
        self.inside.latest.lock().clone()
    }

    /// Tells of new ones.
    pub fn changes(&self) -> Changes {
        changes(self.inside.changed.subscribe())
    }
}
