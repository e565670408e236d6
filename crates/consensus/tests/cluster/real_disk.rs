//! One node on a real disk, with real threads and real time.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use flotilla_consensus::disk::DirectoryDisk;
use flotilla_consensus::{Config, Consensus, Lane, Role, StartError, Transport, TransportError};
use flotilla_model::{Command, NodeId};

use crate::harness::{address, set, value, wait_until};

struct NoPeers;

#[async_trait]
impl Transport for NoPeers {
    async fn call(&self, _: NodeId, _: Lane, _: Bytes, _: std::time::Duration) -> Result<Bytes, TransportError> {
        Err(TransportError::Unreachable { reason: "there are no peers".to_owned() })
    }
}

async fn start(folder: &std::path::Path) -> Result<Consensus, StartError> {
    let mut config = Config::new(NodeId(1));
    config.segment_bytes = 64 << 10;
    config.snapshot_entries = 50;
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
            node_of(&node, round, number).await;
        }
        if round == 1 {
            let busy = start(folder.path()).await.map(|_| ());
            assert!(matches!(busy, Err(StartError::Io(_))), "a directory serves one process: {busy:?}");
        }
    }
    let (index, digest) = (node.view().index, node.view().digest);
    node.shutdown().await;
    drop(node);
    let node = start(folder.path()).await.unwrap();
    wait_until("it leads again", || node.status().role == Role::Primary).await;
    wait_until("all is applied", || node.view().index > index).await;
    assert_eq!(node.view().digest, digest);
    assert_eq!(value(&node, "p99").as_deref(), Some("3"));
    assert!(node.status().purged_index.is_some());
    node.shutdown().await;
}

async fn node_of(node: &Consensus, round: u64, number: u64) {
    node.propose(set(&format!("p{number}"), round)).await.unwrap().outcome.unwrap();
}
