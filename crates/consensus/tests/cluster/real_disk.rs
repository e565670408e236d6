//! Real disks, real threads and real time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flotilla_consensus::disk::DirectoryDisk;
use flotilla_consensus::{Config, Consensus, Lane, Role, StartError, Transport, TransportError};
use flotilla_model::{Command, NodeId};

use flotilla_consensus::sim::SimNetwork;

use crate::harness::{NODES, address, set, value, wait_until};

struct NoPeers;

#[async_trait]
impl Transport for NoPeers {
    async fn call(&self, _: NodeId, _: Lane, _: Bytes, _: std::time::Duration) -> Result<Bytes, TransportError> {
        Err(TransportError::Unreachable { reason: "there are no peers".to_owned() })
    }
}

async fn start(folder: &Path) -> Result<Consensus, StartError> {
    let mut config = Config::new(NodeId(1));
    config.segment_bytes = 64 << 10;
    config.snapshot_entries = 50;
    config.snapshot_pause = Duration::ZERO;
    config.kept_entries = 5;
    Consensus::start(config, Arc::new(DirectoryDisk::open(folder)?), Arc::new(NoPeers)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_node_keeps_everything_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let node = start(folder.path()).await.unwrap();
    node.initialize(address(NodeId(1))).await.unwrap();
    let create = Command::CreateCluster { id: 1, name: "test".to_owned(), parameters: Vec::new(), now_ms: 1 };
    node.propose(create).await.unwrap().outcome.unwrap();
    for round in 0..4_u64 {
        for number in 0..100 {
            node.propose(set(&format!("p{number}"), round)).await.unwrap().outcome.unwrap();
        }
        if round == 1 {
            let busy = start(folder.path()).await.map(|_| ());
            assert!(matches!(busy, Err(StartError::Io(_))), "a directory serves one process: {busy:?}");
        }
    }
    let (index, digest) = (node.view().index, node.view().digest);
    node.shutdown().await;
    drop(node);
    wait_until("the directory is free", || DirectoryDisk::open(folder.path()).is_ok()).await;
    let node = start(folder.path()).await.unwrap();
    wait_until("it leads again", || node.status().role == Role::Primary).await;
    wait_until("all is applied", || node.view().index > index).await;
    assert_eq!(node.view().digest, digest);
    assert_eq!(value(&node, "p99").as_deref(), Some("3"));
    assert!(node.status().purged_index.is_some());
    node.shutdown().await;
}

async fn start_member(network: &SimNetwork, folder: &Path, node: NodeId) -> Consensus {
    let mut config = Config::new(node);
    config.rank = node.0 as u32 - 1;
    config.segment_bytes = 256 << 10;
    config.snapshot_entries = 200;
    config.snapshot_pause = Duration::ZERO;
    let folder = folder.join(node.to_string());
    wait_until("the directory is free", || DirectoryDisk::open(&folder).is_ok()).await;
    let disk = Arc::new(DirectoryDisk::open(&folder).unwrap());
    let transport = Arc::new(network.transport(node));
    let consensus = Consensus::start(config, disk, Arc::clone(&transport) as _).await.unwrap();
    network.attach(&transport, consensus.clone());
    consensus
}

async fn propose_together(nodes: &BTreeMap<NodeId, Consensus>, prefix: &str, count: u64) {
    let proposals: Vec<_> = (0..count)
        .map(|number| {
            let node = nodes.values().nth(number as usize % nodes.len()).unwrap().clone();
            let command = set(&format!("{prefix}{number}"), number);
            tokio::spawn(async move { node.propose(command).await.unwrap().outcome.unwrap() })
        })
        .collect();
    for proposal in proposals {
        proposal.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_take_thousands_of_proposals_and_survive_the_primary() {
    let folder = tempfile::tempdir().unwrap();
    let network = SimNetwork::new();
    let mut nodes = BTreeMap::new();
    for node in NODES {
        nodes.insert(node, start_member(&network, folder.path(), node).await);
    }
    let first = nodes[&NODES[0]].clone();
    first.initialize(address(NODES[0])).await.unwrap();
    wait_until("node 1 leads", || first.status().role == Role::Primary).await;
    for node in &NODES[1..] {
        first.add_learner(*node, address(*node)).await.unwrap();
    }
    first.change_voters(&BTreeSet::from(NODES)).await.unwrap();
    let create = Command::CreateCluster { id: 1, name: "test".to_owned(), parameters: Vec::new(), now_ms: 1 };
    first.propose(create).await.unwrap().outcome.unwrap();
    let syncs = first.status().log_syncs;
    propose_together(&nodes, "before", 3000).await;
    let syncs = first.status().log_syncs - syncs;
    assert!(syncs < 1000, "{syncs} syncs for 3000 proposals");

    network.detach(NODES[0]);
    nodes.remove(&NODES[0]).unwrap().shutdown().await;
    drop(first);
    for node in nodes.values() {
        node.suspect_dead(NODES[0], Some(NODES[1])).await;
    }
    propose_together(&nodes, "after", 300).await;
    nodes.insert(NODES[0], start_member(&network, folder.path(), NODES[0]).await);
    wait_until("all nodes are at one index", || {
        let indices: BTreeSet<_> = nodes.values().map(|node| node.view().index).collect();
        let lasts: BTreeSet<_> = nodes.values().map(|node| node.status().last_log_index.unwrap()).collect();
        indices.len() == 1 && indices == lasts
    })
    .await;
    let digests: BTreeSet<_> = nodes.values().map(|node| node.view().digest).collect();
    assert_eq!(digests.len(), 1);
    assert_eq!(value(&nodes[&NODES[0]], "after299").as_deref(), Some("299"));
    for node in nodes.values() {
        node.shutdown().await;
    }
}
