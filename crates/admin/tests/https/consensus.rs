//! The server before a real consensus of one node, with its log on disk.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flotilla_admin::api::AccountChange;
use flotilla_consensus::disk::DirectoryDisk;
use flotilla_consensus::{Config, Consensus, Lane, PeerAddress, Transport, TransportError};
use flotilla_model::{Command, NodeId};

use crate::harness::{Harness, NOW_MS, code, wait_until};

struct NoPeers;

#[async_trait]
impl Transport for NoPeers {
    async fn call(&self, _: NodeId, _: Lane, _: Bytes, _: Duration) -> Result<Bytes, TransportError> {
        Err(TransportError::Unreachable { reason: "there are no peers".to_owned() })
    }
}

async fn start(folder: &Path) -> Consensus {
    let mut config = Config::new(NodeId(1));
    config.propose_timeout_ms = 2000;
    Consensus::start(config, Arc::new(DirectoryDisk::open(folder).unwrap()), Arc::new(NoPeers)).await.unwrap()
}

#[actix_web::test]
async fn changes_go_through_the_log_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let consensus = start(folder.path()).await;
    let harness = Harness::start_with(Arc::new(consensus.clone()));
    let client = harness.local();
    let account = AccountChange { password: Some("good password".to_owned()), ..AccountChange::default() };
    assert_eq!(code(client.put_account("ann", &account, None).await), "unavailable", "no primary yet");

    consensus.initialize(PeerAddress::default()).await.unwrap();
    let create = Command::CreateCluster { id: 5, name: "one".to_owned(), parameters: vec![], now_ms: NOW_MS };
    consensus.propose(create).await.unwrap().outcome.unwrap();
    let done = client.put_account("ann", &account, None).await.unwrap();
    assert!(done.log_index >= 2 && consensus.view().index >= done.log_index);
    assert_eq!(code(client.put_account("ann", &account, Some(99)).await), "version-conflict");
    harness.stop().await;
    consensus.shutdown().await;
    drop(consensus);
    // The workers of the server let go of it in their own time.
    wait_until("the log's folder is free", || DirectoryDisk::open(folder.path()).is_ok()).await;

    let consensus = start(folder.path()).await;
    consensus.linearizable_view().await.unwrap();
    let harness = Harness::start_with(Arc::new(consensus.clone()));
    assert_eq!(harness.local().accounts().await.unwrap()[0].name, "ann");
    harness.stop().await;
    consensus.shutdown().await;

    let harness = Harness::start_with(Arc::new(consensus));
    let after = harness.local().set_parameter("Files.replicas", Some("1"), None).await;
    assert_eq!(code(after), "unavailable", "a node that has stopped taking part");
    harness.stop().await;
}
