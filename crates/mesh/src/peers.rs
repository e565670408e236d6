//! The peers that we dial: their links and pools, replaced when an address changes, ended when a peer goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use flotilla_model::NodeId;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::bulk::Pool;
use crate::error::{CallError, NotSentReason};
use crate::handshake::Admission;
use crate::lane::Lane;
use crate::link::{Link, LinkEvent, LinkStatus, PeerReachability, Tracker};
use crate::listener::Signals;
use crate::network::Network;
use crate::stats::wall_clock_ms;
use crate::tasks::Tasks;

/// The level of every peer.
pub type Reachability = BTreeMap<NodeId, PeerReachability>;

pub(crate) struct Peers {
    network: Arc<dyn Network>,
    admission: Arc<Admission>,
    table: Mutex<BTreeMap<NodeId, Arc<Peer>>>,
    levels: watch::Sender<Arc<Reachability>>,
    tasks: Tasks,
    signals: Signals,
    /// Spreads the pauses of the nodes; fixed in simulations.
    seed: u64,
}

pub(crate) struct Peer {
    address: String,
    links: Vec<(Lane, Link)>,
    pub(crate) pool: Pool,
    stop: CancellationToken,
}

impl Peer {
    pub(crate) fn link(&self, lane: Lane) -> Result<&Link, CallError> {
        let found = self.links.iter().find(|(of, _)| *of == lane);
        found.map(|(_, link)| link).ok_or(CallError::NotSent(NotSentReason::WrongLane))
    }
}

impl Peers {
    pub(crate) fn new(
        network: Arc<dyn Network>,
        admission: Arc<Admission>,
        tasks: Tasks,
        signals: Signals,
        seed: u64,
    ) -> Self {
        let (levels, _) = watch::channel(Arc::default());
        Self { network, admission, table: Mutex::default(), levels, tasks, signals, seed }
    }

    pub(crate) fn get(&self, node: NodeId) -> Result<Arc<Peer>, CallError> {
        let peer = self.table.lock().get(&node).cloned();
        peer.ok_or(CallError::NotSent(NotSentReason::NoSuchPeer(node)))
    }

    pub(crate) fn levels(&self) -> watch::Receiver<Arc<Reachability>> {
        self.levels.subscribe()
    }

    pub(crate) fn status(&self) -> Vec<LinkStatus> {
        let table = self.table.lock();
        table.values().flat_map(|peer| peer.links.iter().map(|(_, link)| link.status())).collect()
    }

    pub(crate) fn all(&self) -> Vec<(NodeId, Arc<Peer>)> {
        self.table.lock().iter().map(|(node, peer)| (*node, peer.clone())).collect()
    }

    pub(crate) fn close_pools(&self) {
        self.table.lock().values().for_each(|peer| peer.pool.close());
    }

    /// Makes the table equal to `wanted`. Unchanged peers keep their connections.
    pub(crate) fn set(self: &Arc<Self>, mut wanted: BTreeMap<NodeId, String>) {
        wanted.remove(&self.admission.identity.node_id);
        let mut table = self.table.lock();
        table.retain(|node, peer| {
            let keep = wanted.get(node) == Some(&peer.address);
            if !keep {
                peer.stop.cancel();
                peer.pool.close();
            }
            keep
        });
        wanted.retain(|node, _| !self.signals.stop.is_cancelled() && !table.contains_key(node));
        // Published before the links start, so that their first news is not overwritten.
        self.levels.send_modify(|levels| {
            let levels = Arc::make_mut(levels);
            levels.retain(|node, _| table.contains_key(node));
            let unknown = Tracker::new(wall_clock_ms()).level();
            levels.extend(wanted.keys().map(|node| (*node, unknown)));
        });
        for (node, address) in wanted {
            table.insert(node, self.start(node, address));
        }
    }

    fn start(self: &Arc<Self>, node: NodeId, address: String) -> Arc<Peer> {
        let stop = self.signals.stop.child_token();
        let links = Lane::REQUEST_LANES.map(|lane| (lane, Link::new(node, address.clone(), lane))).into();
        let pool = Pool::new(node, address.clone(), self.network.clone(), self.admission.clone(), stop.clone());
        let peer = Arc::new(Peer { address, links, pool, stop });
        for lane in Lane::REQUEST_LANES {
            let (peers, peer) = (self.clone(), peer.clone());
            // Ends when the peer is removed or the mesh stops.
            self.tasks.spawn(async move { peers.run_link(node, &peer, lane).await });
        }
        peer
    }

    async fn run_link(&self, node: NodeId, peer: &Peer, lane: Lane) {
        let Ok(link) = peer.link(lane) else { return };
        let seed = self.seed ^ (node.0 << 8) ^ u64::from(lane.code());
        let mut tracker = (lane == Lane::Liveness).then(|| Tracker::new(wall_clock_ms()));
        let on_event = |event: LinkEvent<'_>| {
            let Some(tracker) = &mut tracker else { return };
            let now_ms = wall_clock_ms();
            match event {
                LinkEvent::Connected => {
                    tracker.on_connected(now_ms);
                    // It is there: the other lanes need not wait for their pause to end.
                    peer.links.iter().for_each(|(_, link)| link.redial.notify_waiters());
                }
                LinkEvent::Ended(end) => tracker.on_ended(end, now_ms),
                LinkEvent::DialFailed(failure) => tracker.on_dial_failed(failure, now_ms),
            }
            self.publish(node, peer, tracker.level());
        };
        tokio::select! {
            biased;
            () = self.signals.cut.cancelled() => {}
            () = link.run(&*self.network, &self.admission, &peer.stop, seed, on_event) => {}
        }
    }

    fn publish(&self, node: NodeId, peer: &Peer, level: PeerReachability) {
        self.levels.send_if_modified(|levels| {
            // A removed or replaced peer must not come back by its last event.
            if peer.stop.is_cancelled() || levels.get(&node) == Some(&level) {
                return false;
            }
            Arc::make_mut(levels).insert(node, level);
            true
        });
    }
}
