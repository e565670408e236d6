//! Builds clusters and waits for what must come true.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use flotilla_consensus::disk::Disk;
use flotilla_consensus::sim::{LinkFaults, SimDisk, SimNetwork};
use flotilla_consensus::{Config, Consensus, PeerAddress, Role, Status};
use flotilla_model::{Command, NodeId};
use tokio::time::{Instant, sleep, timeout};

pub(crate) const NODES: [NodeId; 3] = [NodeId(1), NodeId(2), NodeId(3)];

pub(crate) struct Cluster {
    pub(crate) network: SimNetwork,
    pub(crate) disks: BTreeMap<NodeId, Arc<SimDisk>>,
    pub(crate) running: BTreeMap<NodeId, Consensus>,
    configure: fn(&mut Config),
}

pub(crate) fn address(node: NodeId) -> PeerAddress {
    PeerAddress { name: format!("node-{node}"), address: format!("127.0.0.1:{}", 4000 + node.0) }
}

pub(crate) fn set(name: &str, value: u64) -> Command {
    Command::SetParameter {
        name: name.to_owned(),
        node: None,
        value: Some(value.to_string()),
        expected_version: None,
        changed_by: "test".to_owned(),
        now_ms: 1,
    }
}

pub(crate) fn value(consensus: &Consensus, name: &str) -> Option<String> {
    consensus.view().state.parameter(name, None).map(|row| row.value.clone())
}

impl Cluster {
    /// Nodes with empty disks, none of them in a cluster.
    pub(crate) async fn begin(configure: fn(&mut Config)) -> Self {
        let network = SimNetwork::new();
        let millisecond = Duration::from_millis(1);
        network.set_faults(LinkFaults { delay_min: millisecond, delay_max: millisecond, losses_per_mille: 0 });
        let disks = NODES.into_iter().map(|node| (node, Arc::new(SimDisk::new()))).collect();
        Self { network, disks, running: BTreeMap::new(), configure }
    }

    /// A cluster of all three, node 1 its primary.
    pub(crate) async fn formed(configure: fn(&mut Config)) -> Self {
        let mut cluster = Self::begin(configure).await;
        for node in NODES {
            cluster.start(node).await;
        }
        let first = &cluster.running[&NODES[0]];
        first.initialize(address(NODES[0])).await.unwrap();
        wait_until("node 1 leads", || first.status().role == Role::Primary).await;
        for node in &NODES[1..] {
            first.add_learner(*node, address(*node)).await.unwrap();
        }
        first.change_voters(&BTreeSet::from(NODES)).await.unwrap();
        let create = Command::CreateCluster { id: 1, name: "test".to_owned(), parameters: Vec::new(), now_ms: 1 };
        first.propose(create).await.unwrap().outcome.unwrap();
        cluster.wait_converged().await;
        cluster
    }

    pub(crate) async fn start(&mut self, node: NodeId) {
        let mut config = Config::new(node);
        config.rank = node.0 as u32 - 1;
        config.segment_bytes = 32 << 10;
        (self.configure)(&mut config);
        let transport = Arc::new(self.network.transport(node));
        let disk = Arc::clone(&self.disks[&node]) as Arc<dyn Disk>;
        let consensus = Consensus::start(config, disk, Arc::clone(&transport) as _).await.unwrap();
        self.network.attach(&transport, consensus.clone());
        self.running.insert(node, consensus);
    }

    /// The process is killed; what was not synced may be lost.
    pub(crate) async fn crash(&mut self, node: NodeId) {
        self.network.detach(node);
        self.disks[&node].crash();
        let consensus = self.running.remove(&node).unwrap();
        consensus.shutdown().await;
    }

    pub(crate) fn node(&self, node: u64) -> &Consensus {
        &self.running[&NodeId(node)]
    }

    pub(crate) fn statuses(&self) -> Vec<Status> {
        self.running.values().map(Consensus::status).collect()
    }

    pub(crate) fn primary(&self) -> Option<NodeId> {
        let highest = self.statuses().into_iter().max_by_key(|status| status.term)?;
        let mut leaders = self.statuses().into_iter().filter(|status| status.role == Role::Primary);
        leaders.find(|status| status.term == highest.term).map(|status| status.node)
    }

    pub(crate) async fn wait_primary(&self) -> NodeId {
        wait_until("there is a primary", || self.primary().is_some()).await;
        self.primary().unwrap()
    }

    /// All nodes that run have applied the same, and have the same digest.
    pub(crate) async fn wait_converged(&self) {
        wait_until("all nodes are at one index", || {
            let statuses = self.statuses();
            let first = &statuses[0];
            first.leader.is_some()
                && statuses.iter().all(|status| {
                    status.applied_index == first.last_log_index && status.last_log_index == first.last_log_index
                })
        })
        .await;
        let digests: BTreeSet<_> = self.running.values().map(|node| node.view().digest).collect();
        assert_eq!(digests.len(), 1, "digests differ");
    }
}

/// Waits, in the runtime's time, until something is true.
pub(crate) async fn wait_until(what: &str, predicate: impl Fn() -> bool) {
    let poll = async {
        while !predicate() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    assert!(timeout(Duration::from_secs(20), poll).await.is_ok(), "waited in vain until {what}");
}

/// How long something takes in the runtime's time.
pub(crate) async fn time<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let result = work.await;
    (result, start.elapsed())
}
