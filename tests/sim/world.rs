//! The three nodes, their disks and wires, and what is written down about them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flotilla_consensus::disk::Disk;
use flotilla_consensus::sim::{DiskFaults, LinkFaults, SimDisk};
use flotilla_consensus::{Config, Consensus, PeerAddress, Role, random_below, random_u64};
use flotilla_model::{Command, NodeId, SessionId};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::oracles::Oracles;
use crate::trace::Trace;
use crate::wires::Wires;

pub(crate) const NODES: [NodeId; 3] = [NodeId(1), NodeId(2), NodeId(3)];
/// The simulated clock of the commands begins here.
const EPOCH_MS: u64 = 1_700_000_000_000;

#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) consensus: Consensus,
    pub(crate) session: SessionId,
}

pub(crate) struct World {
    pub(crate) wires: Box<dyn Wires>,
    pub(crate) disks: BTreeMap<NodeId, Arc<SimDisk>>,
    pub(crate) oracles: Oracles,
    running: Mutex<BTreeMap<NodeId, Running>>,
    trace: Mutex<Trace>,
    violation: Mutex<Option<String>>,
    start: Instant,
}

pub(crate) fn address(node: NodeId) -> PeerAddress {
    PeerAddress { name: format!("node-{node}"), address: format!("node-{node}:44431") }
}

impl World {
    pub(crate) fn new(wires: Box<dyn Wires>) -> Arc<Self> {
        let world = Self {
            wires,
            disks: NODES.into_iter().map(|node| (node, Arc::new(SimDisk::new()))).collect(),
            oracles: Oracles::default(),
            running: Mutex::default(),
            trace: Mutex::default(),
            violation: Mutex::default(),
            start: Instant::now(),
        };
        world.calm();
        Arc::new(world)
    }

    pub(crate) fn now_ms(&self) -> u64 {
        EPOCH_MS + self.start.elapsed().as_millis() as u64
    }

    pub(crate) fn note(&self, event: impl AsRef<str>) {
        self.trace.lock().push(self.start.elapsed().as_micros(), event.as_ref());
    }

    pub(crate) fn trace(&self) -> Trace {
        self.trace.lock().clone()
    }

    /// Writes down the first violation of the run; `context` says where.
    pub(crate) fn check(&self, context: &str, result: Result<(), String>) {
        if let Err(reason) = result {
            self.note(format!("VIOLATION {context}: {reason}"));
            self.violation.lock().get_or_insert_with(|| format!("{context}: {reason}"));
        }
    }

    pub(crate) fn violation(&self) -> Option<String> {
        self.violation.lock().clone()
    }

    pub(crate) fn running(&self) -> BTreeMap<NodeId, Running> {
        self.running.lock().clone()
    }

    /// Any node that runs.
    pub(crate) fn any_running(&self) -> Option<(NodeId, Running)> {
        let running = self.running();
        running.into_iter().nth(random_below(self.running.lock().len() as u64) as usize)
    }

    pub(crate) fn primary(&self) -> Option<NodeId> {
        let statuses = self.running().into_values().map(|node| node.consensus.status());
        let leaders = statuses.filter(|status| status.role == Role::Primary);
        leaders.max_by_key(|status| status.term).map(|status| status.node)
    }

    /// Starts a node from what its disk holds; whatever a crash left there, it must start.
    pub(crate) async fn start_node(self: &Arc<Self>, node: NodeId) {
        let mut config = Config::new(node);
        config.rank = node.0 as u32 - 1;
        config.propose_timeout_ms = 1200;
        config.segment_bytes = 32 << 10;
        config.cache_bytes = 4 << 10;
        config.snapshot_entries = 60;
        config.snapshot_pause = Duration::ZERO;
        config.kept_entries = 10;
        config.snapshot_piece_bytes = 4 << 10;
        config.payload_area_bytes = 1 << 10;
        let plug = self.wires.plug(node).await;
        let disk = Arc::clone(&self.disks[&node]) as Arc<dyn Disk>;
        let started = Consensus::start(config, disk, plug.transport).await;
        let consensus = match started {
            Ok(consensus) => consensus,
            Err(error) => {
                self.wires.unplug(node);
                return self.check(&format!("start of node {node}"), Err(error.to_string()));
            }
        };
        (plug.open)(consensus.clone());
        let session = SessionId(random_u64());
        self.note(format!("node {node} starts"));
        tokio::spawn(Arc::clone(self).observe(node, consensus.clone()));
        self.running.lock().insert(node, Running { consensus, session });
    }

    /// Kills a node. What it had not synced may be lost.
    pub(crate) fn crash_node(&self, node: NodeId) {
        let Some(gone) = self.running.lock().remove(&node) else { return };
        self.wires.unplug(node);
        self.disks[&node].crash();
        self.note(format!("node {node} is killed"));
        // What is left of it has neither disk nor network, and ends by itself.
        tokio::spawn(async move { gone.consensus.shutdown().await });
    }

    /// The announcement of a node's new process, as its composition root makes it.
    pub(crate) fn started_command(&self, node: NodeId, session: SessionId) -> Command {
        Command::NodeStarted {
            node,
            session,
            version: "0.1.0".to_owned(),
            mesh_address: format!("node-{node}:44431"),
            admin_url: format!("https://node-{node}:8444"),
            transfer_url: format!("https://node-{node}:8443"),
            now_ms: self.now_ms(),
        }
    }

    /// Ordinary delays, no losses, sound disks.
    pub(crate) fn calm(&self) {
        let delays = (Duration::from_micros(100), Duration::from_millis(2));
        self.wires.mend();
        self.wires.set_faults(LinkFaults { delay_min: delays.0, delay_max: delays.1, losses_per_mille: 0 });
        let faults = DiskFaults { latency_max: Duration::from_millis(1), ..DiskFaults::default() };
        self.disks.values().for_each(|disk| disk.set_faults(faults.clone()));
    }

    /// Shows every view and every change of role of one process to the oracles. Ends with the process.
    async fn observe(self: Arc<Self>, node: NodeId, consensus: Consensus) {
        let mut views = consensus.watch();
        let mut statuses = consensus.watch_status();
        let mut is_new_view = true;
        loop {
            if is_new_view {
                let view = Arc::clone(&views.borrow_and_update());
                self.check("digests", self.oracles.digests.view(node, &view));
                self.note(format!("node {node} is at {} {} {:016x}", view.index, view.term, view.digest));
            }
            let status = consensus.status();
            self.check("leaders", self.oracles.leaders.status(&status));
            if status.role == Role::Stopped {
                return;
            }
            let goes_on;
            (goes_on, is_new_view) = tokio::select! {
                biased;
                changed = views.changed() => (changed.is_ok(), true),
                changed = statuses.changed() => (changed, false),
            };
            if !goes_on {
                return;
            }
        }
    }
}
