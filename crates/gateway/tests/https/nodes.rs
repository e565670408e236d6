//! Blob stores of three nodes, joined by a replicator in memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use flotilla_files::*;
use flotilla_model::{BlobId, NodeId};
use tempfile::TempDir;
use tokio::runtime::Handle;

use crate::log::TestLog;

pub(crate) struct Node {
    pub(crate) store: BlobStore,
    pub(crate) unreachable: AtomicBool,
    _directory: TempDir,
}

pub(crate) struct Nodes(BTreeMap<NodeId, Node>);

impl Nodes {
    pub(crate) fn three() -> Arc<Self> {
        let node = |number| {
            let directory = tempfile::tempdir().unwrap();
            let config = BlobStoreConfig { reserve_bytes: 0, ..BlobStoreConfig::new(directory.path()) };
            let store = BlobStore::open(config, Handle::current()).unwrap();
            (NodeId(number), Node { store, unreachable: AtomicBool::new(false), _directory: directory })
        };
        Arc::new(Self((1..=3).map(node).collect()))
    }

    pub(crate) fn files(self: &Arc<Self>, node: u64) -> Files {
        let store = self.node(node).store.clone();
        Files::new(NodeId(node), store, Arc::new(InMemory(Arc::clone(self))), FilesConfig::default(), Handle::current())
    }

    pub(crate) fn node(&self, number: u64) -> &Node {
        &self.0[&NodeId(number)]
    }

    /// Blobs by node.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [1, 2, 3].map(|number| self.node(number).store.list(None, 1000).len())
    }

    pub(crate) fn total(&self) -> usize {
        self.counts().iter().sum()
    }

    /// Waits until the nodes hold so many blobs together. What a node stored while it was told to forget it, its sweep takes.
    pub(crate) async fn settle(self: &Arc<Self>, log: &TestLog, total: usize) {
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
        while self.total() != total {
            assert!(tokio::time::Instant::now() < deadline, "{total} blobs expected, found {:?}", self.counts());
            self.sweep(log, 2).await;
            self.sweep(log, 3).await;
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }

    /// Removes what the state does not name.
    pub(crate) async fn sweep(self: &Arc<Self>, log: &TestLog, node: u64) {
        let state = log.now();
        self.files(node).sweep(|blob| state.blobs.contains(&blob), 0, u64::MAX).await.unwrap();
    }

    pub(crate) fn cut(&self, number: u64) {
        self.node(number).unreachable.store(true, Ordering::SeqCst);
    }
}

struct InMemory(Arc<Nodes>);

impl InMemory {
    fn service(&self, node: NodeId) -> Result<FileService, ReplicaError> {
        let node = &self.0.0[&node];
        if node.unreachable.load(Ordering::SeqCst) {
            return Err(ReplicaError::Unreachable("cut".into()));
        }
        Ok(FileService::new(node.store.clone()))
    }
}

#[async_trait]
impl Replicator for InMemory {
    async fn put(
        &self,
        node: NodeId,
        blob: BlobId,
        length: Option<u64>,
        chunks: ChunkStream,
    ) -> Result<BlobDigest, ReplicaError> {
        let result = self.service(node)?.handle_put(blob, length, chunks).await;
        result.map_err(|error| ReplicaError::Refused(error.to_string()))
    }

    async fn get(&self, node: NodeId, blob: BlobId, range: ByteRange) -> Result<ChunkStream, ReplicaError> {
        Ok(self.service(node)?.handle_get(blob, range).await.map_err(|_| ReplicaError::NotFound)?.1)
    }

    async fn remove(&self, node: NodeId, blob: BlobId) -> Result<(), ReplicaError> {
        self.service(node)?.handle_remove(blob).await.map(|_| ()).map_err(|_| ReplicaError::NotFound)
    }
}
