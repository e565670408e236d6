//! Gives each peer its actor and tells it how its link stands.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flotilla_model::NodeId;
use parking_lot::Mutex;
use serde::Serialize;

use super::peer::{PeerLink, PeerLinkStatus, Stands};
use crate::ports::MeshLinks;
use crate::supervision::{
    ActorHandle, Bound, BoxError, Ctx, Observer, Policy, Published, SendError, SpawnError, StopError, Supervised,
    Supervisor,
};

/// Round-trip times are no change of level, so they are looked at.
const TICK: Duration = Duration::from_secs(1);
/// A peer's actor has nothing to finish.
const PEER_STOP: Duration = Duration::from_secs(5);

/// The links of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MeshStatus {
    /// By peer.
    pub peers: BTreeMap<NodeId, PeerLinkStatus>,
}

struct PeerEntry {
    actor: ActorHandle<PeerLink>,
    status: Observer<Option<PeerLinkStatus>>,
}

/// Outlives restarts of the actor.
#[derive(Clone, Default)]
struct Peers(Arc<Mutex<BTreeMap<NodeId, PeerEntry>>>);

pub(crate) struct Links {
    links: Arc<dyn MeshLinks>,
    supervisor: Supervisor,
    peers: Peers,
    status: Published<MeshStatus>,
}

impl Links {
    fn go_on(&mut self, ctx: &mut Ctx<'_, Self>) {
        let views = self.links.links();
        let mut peers = self.peers.0.lock();
        let gone: Vec<_> = peers.keys().copied().filter(|node| views.iter().all(|view| view.node != *node)).collect();
        for entry in gone.into_iter().filter_map(|node| peers.remove(&node)) {
            ctx.offload(async move { entry.actor.stop(PEER_STOP).await }, |_, outcome, _| {
                if let Err(error) = outcome {
                    tracing::warn!(%error, "a former peer's actor was cut off");
                }
            });
        }
        for view in views {
            let entry = match peers.entry(view.node) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(vacant) => match self.hire(view.node) {
                    Ok(entry) => vacant.insert(entry),
                    Err(error) => {
                        // Its former actor is still stopping: the next tick tries again.
                        tracing::debug!(%error, "a peer's actor could not be started yet");
                        continue;
                    }
                },
            };
            if let Err(error @ (SendError::Failed | SendError::Stopped)) = entry.actor.try_tell(Stands(view)) {
                tracing::warn!(%error, "a peer's actor takes no news of its link");
            }
        }
        let known = |(node, entry): (&NodeId, &PeerEntry)| Some((*node, entry.status.get()?));
        self.status.set(MeshStatus { peers: peers.iter().filter_map(known).collect() });
    }

    fn hire(&self, node: NodeId) -> Result<PeerEntry, SpawnError> {
        let status = Published::new(None);
        let observer = status.observer();
        // Levels: when four are waiting, the next tick brings a newer one.
        let policy = Policy::ordinary("mesh").with_bound(Bound::shedding(4));
        let factory = move || Ok(PeerLink { node, status: status.clone() });
        let actor = self.supervisor.spawn(&format!("mesh-peer-{node}"), policy, factory)?;
        Ok(PeerEntry { actor, status: observer })
    }
}

impl Supervised for Links {
    fn started(&mut self, ctx: &mut Ctx<'_, Self>) -> Result<(), BoxError> {
        self.go_on(ctx);
        Ok(())
    }

    fn on_tick(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.go_on(ctx);
    }

    fn on_wake(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.go_on(ctx);
    }
}

/// The owner of the peers' actors.
#[derive(Clone)]
pub struct MeshLinksActor {
    actor: ActorHandle<Links>,
    peers: Peers,
    status: Observer<MeshStatus>,
}

impl MeshLinksActor {
    /// Starts it.
    pub fn start(supervisor: &Supervisor, links: Arc<dyn MeshLinks>) -> Result<Self, SpawnError> {
        let (peers, status) = (Peers::default(), Published::new(MeshStatus::default()));
        let (shared, observer, runtime) = (peers.clone(), status.observer(), supervisor.runtime().clone());
        let (changes, own) = (links.changes(), supervisor.clone());
        let factory = move || {
            let (links, peers) = (Arc::clone(&links), shared.clone());
            Ok(Links { links, supervisor: own.clone(), peers, status: status.clone() })
        };
        let actor = supervisor.spawn("mesh-links", Policy::ordinary("mesh").with_tick(TICK), factory)?;
        actor.wake_on(&runtime, changes);
        Ok(Self { actor, peers, status: observer })
    }

    /// How the links stand; each peer's part lags by a tick at most.
    pub fn status(&self) -> &Observer<MeshStatus> {
        &self.status
    }

    /// Stops it and the peers' actors.
    pub async fn stop(&self, deadline: Duration) -> Result<(), StopError> {
        let outcome = self.actor.stop(deadline).await;
        let peers = std::mem::take(&mut *self.peers.0.lock());
        for entry in peers.into_values() {
            entry.actor.stop(PEER_STOP).await?;
        }
        outcome
    }
}
