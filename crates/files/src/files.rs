//! The facade: what gateways and actors do with file contents.

use std::sync::Arc;

use bytes::Bytes;
use flotilla_model::{BlobId, NodeId};
use futures::Stream;
use tokio::runtime::Handle;

use crate::{
    BlobDigest, BlobStore, ByteRange, Download, FileService, FilesConfig, RateLimiter, ReadError, ReadRequest,
    RepairError, Repaired, ReplicaError, Replicator, ScrubReport, StoreError, StoredBlob, StreamError, SweepReport,
    UploadError, UploadRequest, download, fan_out::FanOut, repair, scrub, upload,
};

/// File contents on this node and its peers. Cheap to clone.
#[derive(Clone)]
pub struct Files {
    pub(crate) node: NodeId,
    pub(crate) store: BlobStore,
    pub(crate) replicator: Arc<dyn Replicator>,
    pub(crate) config: Arc<FilesConfig>,
    pub(crate) runtime: Handle,
    pub(crate) background: Arc<RateLimiter>,
}

impl Files {
    /// `runtime` carries the sending to other nodes, which must not share one thread with a gateway's connections.
    pub fn new(
        node: NodeId,
        store: BlobStore,
        replicator: Arc<dyn Replicator>,
        config: FilesConfig,
        runtime: Handle,
    ) -> Self {
        let background = Arc::new(RateLimiter::new(config.background_bytes_per_second));
        Self { node, store, replicator, config: Arc::new(config), runtime, background }
    }

    pub fn store(&self) -> &BlobStore {
        &self.store
    }

    /// The rate of repair and scrub, which may be changed while they run.
    pub fn background_rate(&self) -> &Arc<RateLimiter> {
        &self.background
    }

    /// Streams a body to the disk and to other nodes; returns when it is durable on as many as were asked for. On an error, and
    /// when the future is dropped, nothing is left (what another node could not be told to remove, its sweep removes).
    pub async fn upload<S, E>(&self, request: UploadRequest, source: S) -> Result<StoredBlob, UploadError>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        upload::upload(self, request, source).await
    }

    /// Opens a part of a blob, from the local disk or else from a holder; it goes on with the next holder when one fails.
    pub async fn read(&self, request: ReadRequest) -> Result<Download, ReadError> {
        download::read(self, request).await
    }

    /// Fetches a missing or damaged copy from a holder, at the background rate. It counts only when its checksum is right.
    pub async fn repair(
        &self,
        blob: BlobId,
        expected: BlobDigest,
        holders: &[NodeId],
    ) -> Result<Repaired, RepairError> {
        repair::repair(self, blob, expected, holders).await
    }

    /// Sends a further copy of a local blob to another node; when it returns, that one has it on disk.
    pub async fn send_copy(&self, blob: BlobId, node: NodeId) -> Result<(), StreamError> {
        let (expected, chunks) = FileService::new(self.store.clone()).handle_get(blob, ByteRange::ALL).await?;
        let sent = self.replicator.put(node, blob, Some(expected.length), chunks).await?;
        if sent == expected { Ok(()) } else { Err(ReplicaError::Mismatch.into()) }
    }

    /// Re-reads local blobs after the given one, at the background rate, until about `limit_bytes` were read.
    pub async fn scrub(&self, after: Option<BlobId>, limit_bytes: u64) -> ScrubReport {
        scrub::scrub(self, after, limit_bytes).await
    }

    /// Deletes local blobs that nothing names and that are older than the grace time. Call it only with a view that is caught up.
    pub async fn sweep(
        &self,
        known: impl Fn(BlobId) -> bool,
        grace_ms: u64,
        now_ms: u64,
    ) -> Result<SweepReport, StoreError> {
        scrub::sweep(&self.store, known, grace_ms, now_ms).await
    }

    /// Deletes a blob here and on the given nodes, in the background; what fails is left to the sweep.
    pub async fn remove(&self, blob: BlobId, holders: &[NodeId]) -> Result<(), StoreError> {
        self.remove_everywhere(blob, holders.to_vec());
        self.store.delete(blob).await.map(|_| ())
    }

    pub(crate) fn remove_everywhere(&self, blob: BlobId, mut nodes: Vec<NodeId>) {
        nodes.retain(|node| *node != self.node);
        if nodes.is_empty() {
            return;
        }
        let (replicator, limit) = (Arc::clone(&self.replicator), self.config.replica_finish_timeout);
        // Ends after the last answer or its timeout.
        self.runtime.spawn(async move {
            for node in nodes {
                if !matches!(tokio::time::timeout(limit, replicator.remove(node, blob)).await, Ok(Ok(()))) {
                    tracing::debug!(%node, %blob, "could not remove a copy; its sweep will");
                }
            }
        });
    }

    pub(crate) fn fan_out(&self, blob: BlobId, length: Option<u64>, nodes: &[NodeId]) -> FanOut {
        FanOut::start(&self.replicator, &self.runtime, &self.config, blob, length, nodes)
    }
}
