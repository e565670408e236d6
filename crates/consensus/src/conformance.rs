//! openraft's own suite for storage, over both disks.

use std::sync::Arc;

use openraft::StorageError;
use openraft::testing::log::{StoreBuilder, Suite};

use crate::disk::{DirectoryDisk, Disk};
use crate::log::{LogSettings, LogStore};
use crate::machine::Machine;
use crate::payloads::PayloadStore;
use crate::sim::SimDisk;
use crate::snapshot::SnapshotStore;
use crate::state_machine::StateMachine;
use crate::types::TypeConfig;

fn build(disk: Arc<dyn Disk>) -> (LogStore, StateMachine) {
    let settings = LogSettings { segment_bytes: 16 << 10, cache_bytes: 1 << 10 };
    let payloads = PayloadStore::new(Arc::clone(&disk), 16 << 10);
    let (snapshots, _) = SnapshotStore::open(Arc::clone(&disk), &payloads).unwrap();
    let (log, _) = LogStore::open(disk, settings).unwrap();
    let reader = log.reader();
    (log, StateMachine::new(Machine::default(), reader, snapshots, payloads))
}

struct OnSimDisk;

impl StoreBuilder<TypeConfig, LogStore, StateMachine> for OnSimDisk {
    async fn build(&self) -> Result<((), LogStore, StateMachine), StorageError<TypeConfig>> {
        let (log, machine) = build(Arc::new(SimDisk::new()));
        Ok(((), log, machine))
    }
}

struct OnDirectory;

impl StoreBuilder<TypeConfig, LogStore, StateMachine, tempfile::TempDir> for OnDirectory {
    async fn build(&self) -> Result<(tempfile::TempDir, LogStore, StateMachine), StorageError<TypeConfig>> {
        let folder = tempfile::tempdir().unwrap();
        let (log, machine) = build(Arc::new(DirectoryDisk::open(folder.path()).unwrap()));
        Ok((folder, log, machine))
    }
}

#[tokio::test]
async fn storage_on_a_simulated_disk_conforms() {
    Suite::test_all(OnSimDisk).await.unwrap();
}

#[tokio::test]
async fn storage_in_a_directory_conforms() {
    Suite::test_all(OnDirectory).await.unwrap();
}
