//! The mesh's links as the actors see them.

use std::time::Duration;

use async_trait::async_trait;
use flotilla_actors::ports::{Changes, Heartbeat, LinkLevel, LinkView, MeshLinks, MeshListener, Peer, changes};
use flotilla_mesh::{Lane, LinkStatus, Mesh, PeerReachability};
use flotilla_model::NodeId;
use tokio::runtime::Handle;

use super::heartbeat;

/// A heartbeat that was not taken by then is out of date.
const HEARTBEAT_DEADLINE: Duration = Duration::from_millis(500);

/// Links, and the way for heartbeats.
pub(crate) struct Links {
    pub(crate) mesh: Mesh,
    pub(crate) runtime: Handle,
}

fn level(level: PeerReachability) -> LinkLevel {
    match level {
        PeerReachability::Connected { since_ms } => LinkLevel::Connected { since_ms },
        // A host that refuses from the start says as much as one that refuses after a reset: no process listens.
        PeerReachability::Reset { since_ms, refused_redial: true }
        | PeerReachability::Connecting { since_ms, refused: true } => LinkLevel::Gone { since_ms },
        PeerReachability::Farewell { since_ms } => LinkLevel::Left { since_ms },
        PeerReachability::Connecting { since_ms, refused: false } => LinkLevel::Connecting { since_ms },
        PeerReachability::Reset { since_ms, refused_redial: false }
        | PeerReachability::Silent { since_ms }
        | PeerReachability::Rejected { since_ms } => LinkLevel::Silent { since_ms },
    }
}

impl MeshLinks for Links {
    fn set_peers(&self, peers: Vec<Peer>) {
        self.mesh.set_peers(peers.into_iter().map(|peer| (peer.node, peer.address)).collect());
    }

    fn set_barred(&self, nodes: Vec<NodeId>) {
        self.mesh.set_barred(nodes.into_iter().collect());
    }

    fn links(&self) -> Vec<LinkView> {
        let levels = self.mesh.watch_links().borrow().clone();
        let statuses = self.mesh.links();
        let liveness = |node: NodeId| -> Option<&LinkStatus> {
            statuses.iter().find(|status| status.peer == node && status.lane == Lane::Liveness)
        };
        let view = |(node, reachability): (&NodeId, &PeerReachability)| {
            let status = liveness(*node);
            LinkView {
                node: *node,
                level: level(*reachability),
                round_trip_us: status.and_then(|status| status.round_trip_us),
                connects: status.map_or(0, |status| status.connections),
                last_error: status.and_then(|status| status.last_error.clone()),
            }
        };
        levels.iter().map(view).collect()
    }

    fn changes(&self) -> Changes {
        changes(self.mesh.watch_links())
    }

    fn send_heartbeat(&self, heartbeat: &Heartbeat) {
        let Ok(body) = heartbeat::encode(heartbeat) else { return };
        let connected: Vec<NodeId> = {
            let levels = self.mesh.watch_links();
            let levels = levels.borrow();
            levels.iter().filter(|(_, level)| level.is_connected()).map(|(node, _)| *node).collect()
        };
        for node in connected {
            let (mesh, body) = (self.mesh.clone(), body.clone());
            // Ends at the deadline at the latest.
            self.runtime.spawn(async move {
                if let Err(error) = mesh.call(node, Lane::Liveness, body, HEARTBEAT_DEADLINE).await {
                    tracing::trace!(%node, %error, "a heartbeat was not taken");
                }
            });
        }
    }
}

/// The cluster listener, to be watched over by its actor.
pub(crate) struct Listening(pub(crate) Mesh);

#[async_trait]
impl MeshListener for Listening {
    async fn listen(&self) -> Result<(), String> {
        self.0.accept().await;
        Ok(())
    }
}
