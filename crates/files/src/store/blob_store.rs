//! The handle of the store.

use std::sync::Arc;

use flotilla_model::BlobId;
use futures::StreamExt;
use tokio::runtime::Handle;

use super::{
    appender::{Appenders, Entering},
    compaction,
    compaction::CompactionReport,
    directory_sync::DirectorySync,
    open,
    reader::BlobReader,
    shared::Shared,
    writer::BlobWriter,
};
use crate::{
    BlobDigest, BlobStoreConfig, BufferPool, ByteRange, Counters, DiskGate, OpenError, RateLimiter, StoreError,
    StreamError, stream::Hasher,
};

/// Shared, threads and the runtime on which blocking jobs run (not that of a caller, whose own runtime may be one thread).
pub(crate) struct StoreParts {
    pub(crate) shared: Arc<Shared>,
    pub(crate) appenders: Appenders,
    pub(crate) directory_sync: DirectorySync,
    pub(crate) runtime: Handle,
}

impl StoreParts {
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.runtime.spawn_blocking(job).await.map_err(|_| StoreError::Closed)?
    }
}

/// What is known of a blob without touching the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobStat {
    pub length: u64,
    /// When it was finished here; after a restart, for large blobs, the time of the start.
    pub created_ms: u64,
}

/// Blobs on one disk. Cheap to clone.
#[derive(Clone)]
pub struct BlobStore {
    parts: Arc<StoreParts>,
}

impl BlobStore {
    /// Opens a directory, which must not be in use. Blocks for the time of the start; blocking jobs run on `runtime`.
    pub fn open(config: BlobStoreConfig, runtime: Handle) -> Result<Self, OpenError> {
        let (shared, next_generation) = open::open(config)?;
        let shared = Arc::new(shared);
        let failed = |step| move |source| OpenError::Io { step, source };
        let large = std::fs::File::open(shared.layout.large()).map_err(failed("open a folder"))?;
        let (gate, counters) = (Arc::clone(&shared.config.gate), Arc::clone(&shared.counters));
        let directory_sync = DirectorySync::start(large, gate, counters).map_err(failed("start a thread"))?;
        let appenders = Appenders::start(&shared, next_generation).map_err(failed("start a thread"))?;
        Ok(Self { parts: Arc::new(StoreParts { shared, appenders, directory_sync, runtime }) })
    }

    /// Begins a new blob. With `announced`, room on the disk is checked (and reserved) now instead of in the middle.
    pub fn writer(&self, blob: BlobId, announced: Option<u64>) -> Result<BlobWriter, StoreError> {
        self.writer_entering(blob, announced, Entering::New)
    }

    /// Begins a copy that takes the place of the one that is here, if any: for repair.
    pub fn replacing_writer(&self, blob: BlobId, announced: Option<u64>) -> Result<BlobWriter, StoreError> {
        self.writer_entering(blob, announced, Entering::Replacing)
    }

    fn writer_entering(
        &self,
        blob: BlobId,
        announced: Option<u64>,
        entering: Entering,
    ) -> Result<BlobWriter, StoreError> {
        let needed_bytes = announced.unwrap_or(0);
        let free_bytes = self.free_bytes()?;
        if free_bytes < needed_bytes.saturating_add(self.parts.shared.config.reserve_bytes) {
            return Err(StoreError::NoSpace { free_bytes, needed_bytes });
        }
        Ok(BlobWriter::new(Arc::clone(&self.parts), blob, announced, entering))
    }

    pub async fn reader(&self, blob: BlobId) -> Result<BlobReader, StoreError> {
        if !self.contains(blob) {
            return Err(StoreError::NotFound(blob));
        }
        let parts = Arc::clone(&self.parts);
        self.parts.blocking(move || BlobReader::open(parts, blob)).await
    }

    pub fn contains(&self, blob: BlobId) -> bool {
        self.parts.shared.index.get(blob).is_some()
    }

    pub fn stat(&self, blob: BlobId) -> Option<BlobStat> {
        let entry = self.parts.shared.index.get(blob)?;
        Some(BlobStat { length: entry.length, created_ms: entry.created_ms })
    }

    /// Blobs after the given one in the order of ids, at most `limit`.
    pub fn list(&self, after: Option<BlobId>, limit: usize) -> Vec<(BlobId, BlobStat)> {
        let entries = self.parts.shared.index.list(after, limit);
        entries
            .into_iter()
            .map(|(blob, entry)| (blob, BlobStat { length: entry.length, created_ms: entry.created_ms }))
            .collect()
    }

    pub fn len(&self) -> usize {
        self.parts.shared.index.len()
    }

    /// Lengths of all blobs together.
    pub fn bytes(&self) -> u64 {
        self.parts.shared.index.bytes()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads the whole blob and compares it with its checksum.
    pub async fn verify(&self, blob: BlobId) -> Result<BlobDigest, StoreError> {
        self.verify_at(blob, None).await
    }

    /// The same, no faster than the limiter allows.
    pub(crate) async fn verify_at(&self, blob: BlobId, pace: Option<&RateLimiter>) -> Result<BlobDigest, StoreError> {
        let reader = self.reader(blob).await?;
        let expected = reader.digest();
        let mut chunks = reader.stream(ByteRange::ALL)?;
        let mut hasher = Hasher::new();
        while let Some(chunk) = chunks.next().await {
            match chunk {
                Ok(chunk) => {
                    if let Some(pace) = pace {
                        pace.acquire(chunk.len() as u64).await;
                    }
                    hasher.update(&chunk);
                }
                Err(StreamError::Store(error)) => return Err(error),
                Err(_) => return Err(StoreError::Closed),
            }
        }
        if hasher.finish() == expected {
            return Ok(expected);
        }
        Counters::add(&self.parts.shared.counters.corrupt_found, 1);
        Err(StoreError::Corrupt { blob })
    }

    /// Removes a blob; says whether it was here. The removal of a small one is durable only when its segment is compacted: after
    /// a crash it may be back, until the sweep.
    pub async fn delete(&self, blob: BlobId) -> Result<bool, StoreError> {
        let Some(entry) = self.parts.shared.index.remove(blob, None) else { return Ok(false) };
        Counters::add(&self.parts.shared.counters.blobs_deleted, 1);
        let shared = Arc::clone(&self.parts.shared);
        self.parts
            .blocking(move || {
                shared.discard(blob, &entry);
                Ok(true)
            })
            .await
    }

    /// The same for a blob that may be on its way to the disk: then it is refused there.
    pub(crate) async fn delete_for_good(&self, blob: BlobId) -> Result<bool, StoreError> {
        self.parts.shared.removed.remember(blob);
        self.delete(blob).await
    }

    /// Rewrites segments of which less than half is wanted, and removes them; at most `limit`.
    pub async fn compact(&self, limit: usize) -> Result<CompactionReport, StoreError> {
        compaction::compact(&self.parts, limit).await
    }

    /// Bytes free on the disk, the reserve included.
    pub fn free_bytes(&self) -> Result<u64, StoreError> {
        let figures = rustix::fs::statvfs(&self.parts.shared.config.directory)
            .map_err(|error| StoreError::io("ask for free space")(error.into()))?;
        Ok(figures.f_bavail * figures.f_frsize)
    }

    pub fn counters(&self) -> &Arc<Counters> {
        &self.parts.shared.counters
    }

    pub fn buffers(&self) -> &Arc<BufferPool> {
        &self.parts.shared.pool
    }

    pub(crate) fn gate(&self) -> Arc<dyn DiskGate> {
        Arc::clone(&self.parts.shared.config.gate)
    }

    pub(crate) fn runtime(&self) -> Handle {
        self.parts.runtime.clone()
    }

    pub fn directory(&self) -> &std::path::Path {
        &self.parts.shared.config.directory
    }

    /// Finishes what waits and seals the segments, so that the next start needs no scan. Later appends fail.
    pub async fn close(&self) {
        let parts = Arc::clone(&self.parts);
        // The only failure is a runtime that shuts down, and then a scan does what the seal would have saved.
        let _ = self.parts.runtime.spawn_blocking(move || parts.appenders.close()).await;
    }
}
