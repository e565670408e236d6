//! A network in memory: delays, losses, partitions, nodes that are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flotilla_model::NodeId;
use futures::FutureExt;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};

use crate::consensus::Consensus;
use crate::runtime::random_below;
use crate::transport::{Lane, Transport, TransportError};

/// How bad the network is, between any two nodes.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkFaults {
    /// A message takes at least this long.
    pub delay_min: Duration,
    /// And at most this long.
    pub delay_max: Duration,
    /// So many of a thousand messages are lost.
    pub losses_per_mille: u64,
}

#[derive(Default)]
struct Wires {
    /// Nodes that run, each with the number of its start.
    nodes: BTreeMap<NodeId, (u64, Consensus)>,
    starts: u64,
    cut: BTreeSet<(NodeId, NodeId)>,
    faults: LinkFaults,
    /// The last request on each way: the next one is not handed over before it, as on one connection.
    last: BTreeMap<(NodeId, NodeId, Lane), oneshot::Receiver<()>>,
}

/// The wires between all nodes; clones share them.
#[derive(Clone, Default)]
pub struct SimNetwork {
    wires: Arc<Mutex<Wires>>,
}

impl SimNetwork {
    /// A perfect network without nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// The transport for a node that is about to start. Transports of its earlier starts no longer work.
    pub fn transport(&self, node: NodeId) -> SimTransport {
        let mut wires = self.wires.lock();
        wires.starts += 1;
        wires.nodes.remove(&node);
        SimTransport { network: self.clone(), node, start: wires.starts }
    }

    /// The node answers from now on.
    pub fn attach(&self, transport: &SimTransport, consensus: Consensus) {
        self.wires.lock().nodes.insert(transport.node, (transport.start, consensus));
    }

    /// The node is gone: calls to it are refused, calls under way are lost.
    pub fn detach(&self, node: NodeId) {
        self.wires.lock().nodes.remove(&node);
    }

    /// Sets delays and losses of all links.
    pub fn set_faults(&self, faults: LinkFaults) {
        self.wires.lock().faults = faults;
    }

    /// Cuts the link from one node to another, one way.
    pub fn cut(&self, from: NodeId, to: NodeId) {
        self.wires.lock().cut.insert((from, to));
    }

    /// Cuts all links between a node and the others.
    pub fn isolate(&self, node: NodeId, others: impl IntoIterator<Item = NodeId>) {
        for other in others {
            if other != node {
                self.cut(node, other);
                self.cut(other, node);
            }
        }
    }

    /// Mends all links.
    pub fn heal(&self) {
        self.wires.lock().cut.clear();
    }

    fn passes(&self, from: NodeId, to: NodeId) -> bool {
        let wires = self.wires.lock();
        let lost = random_below(1000) < wires.faults.losses_per_mille;
        !lost && !wires.cut.contains(&(from, to))
    }

    fn delay(&self) -> Duration {
        let faults = self.wires.lock().faults;
        let spread = faults.delay_max.saturating_sub(faults.delay_min).as_micros() as u64;
        faults.delay_min + Duration::from_micros(random_below(spread + 1))
    }

    /// A place behind the requests that were sent that way before.
    fn queue(&self, way: (NodeId, NodeId, Lane)) -> Place {
        let (handed_over, next) = oneshot::channel();
        let before = self.wires.lock().last.insert(way, next);
        Place { before, _handed_over: handed_over }
    }

    fn running(&self, node: NodeId) -> Option<(u64, Consensus)> {
        self.wires.lock().nodes.get(&node).cloned()
    }

    /// Whether that start of the node still runs; one that is not attached yet may call already.
    fn is_current(&self, node: NodeId, start: u64) -> bool {
        self.wires.lock().nodes.get(&node).is_some_and(|(current, _)| *current == start)
    }
}

/// A request's place on its way; whoever is behind it goes on when it is dropped.
struct Place {
    before: Option<oneshot::Receiver<()>>,
    _handed_over: oneshot::Sender<()>,
}

impl Place {
    async fn turn(&mut self) {
        if let Some(before) = self.before.take() {
            // Handed over, or lost.
            let _ = before.await;
        }
    }
}

/// One node's end of the network.
pub struct SimTransport {
    network: SimNetwork,
    node: NodeId,
    start: u64,
}

fn unreachable(reason: &str) -> TransportError {
    TransportError::Unreachable { reason: reason.to_owned() }
}

fn unknown(reason: &str) -> TransportError {
    TransportError::Unknown { reason: reason.to_owned() }
}

#[async_trait]
impl Transport for SimTransport {
    async fn call(&self, to: NodeId, lane: Lane, request: Bytes, deadline: Duration) -> Result<Bytes, TransportError> {
        let deadline = Instant::now() + deadline;
        let silence = async |reason| {
            sleep_until(deadline).await;
            Err(unknown(reason))
        };
        if !self.network.is_current(self.node, self.start) {
            return Err(unreachable("this node is gone"));
        }
        if !self.network.passes(self.node, to) {
            return silence("the request was lost").await;
        }
        let mut place = self.network.queue((self.node, to, lane));
        sleep(self.network.delay()).await;
        place.turn().await;
        let Some((start, peer)) = self.network.running(to) else {
            return Err(unreachable("connection refused"));
        };
        let from = self.node;
        // The peer goes on with a request even if the caller no longer waits.
        let mut handling = Box::pin(async move { peer.handle(from, lane, request).await });
        let first = handling.as_mut().now_or_never();
        drop(place);
        let mut handled = tokio::spawn(async move {
            match first {
                Some(answer) => answer,
                None => handling.await,
            }
        });
        let answer = tokio::select! {
            biased;
            answer = &mut handled => answer.map_err(|_| unknown("the peer failed"))?,
            () = sleep_until(deadline) => return Err(unknown("no answer in time")),
        };
        if !self.network.is_current(to, start) {
            return Err(unknown("connection reset"));
        }
        if !self.network.passes(to, self.node) {
            return silence("the answer was lost").await;
        }
        sleep(self.network.delay()).await;
        Ok(answer)
    }
}
