//! Writes one blob by streaming. It is small until it proves large; dropped before its end, it leaves nothing.

use std::{mem, sync::Arc};

use bytes::Bytes;
use flotilla_model::BlobId;
use tokio::task::JoinHandle;

use super::{appender::Entering, blob_store::StoreParts, large_file::LargeFile, record::RecordHeader, shared::now_ms};
use crate::{BlobDigest, Counters, StoreError, stream::Hasher};

/// Chunks are handed to a blocking thread when so many bytes have come: few hops for many bytes.
const HOP_BYTES: usize = 256 << 10;

pub struct BlobWriter {
    parts: Arc<StoreParts>,
    blob: BlobId,
    announced: Option<u64>,
    entering: Entering,
    state: State,
}

enum State {
    Small { chunks: Vec<Bytes>, length: u64 },
    Large { waiting: Vec<Bytes>, waiting_bytes: usize, disk: Disk },
}

/// The file is at rest here or busy on a blocking thread; one job at a time.
enum Disk {
    Idle(Option<Box<LargeFile>>),
    Busy(JoinHandle<Result<Box<LargeFile>, StoreError>>),
    Failed(StoreError),
}

impl BlobWriter {
    pub(crate) fn new(parts: Arc<StoreParts>, blob: BlobId, announced: Option<u64>, entering: Entering) -> Self {
        let small = announced.is_none_or(|length| length <= parts.shared.config.small_limit_bytes);
        let state = if small {
            State::Small { chunks: Vec::new(), length: 0 }
        } else {
            State::Large { waiting: Vec::new(), waiting_bytes: 0, disk: Disk::Idle(None) }
        };
        Self { parts, blob, announced, entering, state }
    }

    /// Takes the next bytes. Returns when the writer is ready for more; the bytes may still be on their way to the disk.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), StoreError> {
        let result = self.take(chunk).await;
        self.count_failure(&result);
        result
    }

    async fn take(&mut self, chunk: Bytes) -> Result<(), StoreError> {
        match &mut self.state {
            State::Small { chunks, length } => {
                *length += chunk.len() as u64;
                chunks.push(chunk);
                if *length > self.parts.shared.config.small_limit_bytes {
                    let (waiting, waiting_bytes) = (mem::take(chunks), *length as usize);
                    self.state = State::Large { waiting, waiting_bytes, disk: Disk::Idle(None) };
                    self.flush().await?;
                }
            }
            State::Large { waiting, waiting_bytes, .. } => {
                *waiting_bytes += chunk.len();
                waiting.push(chunk);
                if *waiting_bytes >= HOP_BYTES {
                    self.flush().await?;
                }
            }
        }
        Ok(())
    }

    /// Hands what waits to a blocking thread, after the job before it has ended.
    async fn flush(&mut self) -> Result<(), StoreError> {
        let State::Large { waiting, waiting_bytes, disk } = &mut self.state else { return Ok(()) };
        let file = disk.settle().await?;
        let chunks = mem::take(waiting);
        *waiting_bytes = 0;
        let (shared, blob, announced) = (Arc::clone(&self.parts.shared), self.blob, self.announced);
        *disk = Disk::Busy(self.parts.runtime.spawn_blocking(move || {
            let mut file = match file {
                Some(file) => file,
                None => Box::new(LargeFile::create(shared, blob, announced)?),
            };
            file.append(&chunks)?;
            Ok(file)
        }));
        Ok(())
    }

    /// Makes the blob durable and visible, if its contents are the expected ones. On an error nothing is left.
    pub async fn finish(mut self, expected: Option<BlobDigest>) -> Result<BlobDigest, StoreError> {
        let result = match &mut self.state {
            State::Small { chunks, .. } => {
                let chunks = mem::take(chunks);
                self.finish_small(chunks, expected).await
            }
            State::Large { .. } => self.finish_large(expected).await,
        };
        self.count_failure(&result);
        result
    }

    fn count_failure<T>(&self, result: &Result<T, StoreError>) {
        if result.is_err() {
            Counters::add(&self.parts.shared.counters.writes_failed, 1);
        }
    }

    async fn finish_small(
        &mut self,
        chunks: Vec<Bytes>,
        expected: Option<BlobDigest>,
    ) -> Result<BlobDigest, StoreError> {
        let mut hasher = Hasher::new();
        chunks.iter().for_each(|chunk| hasher.update(chunk));
        let actual = hasher.finish();
        if let Some(expected) = expected.filter(|expected| *expected != actual) {
            return Err(StoreError::Mismatch { blob: self.blob, expected, actual });
        }
        let blob = self.blob;
        if matches!(self.entering, Entering::New) && self.parts.shared.index.get(blob).is_some() {
            let shared = Arc::clone(&self.parts.shared);
            if self.parts.blocking(move || shared.is_stored(blob, &actual)).await? {
                return Ok(actual);
            }
        }
        let length = actual.length as u32;
        let header = RecordHeader { blob, sha256: actual.sha256, length, created_ms: now_ms(), generation: 0 };
        self.parts.appenders.append(header, chunks, self.entering.clone()).await?;
        Ok(actual)
    }

    async fn finish_large(&mut self, expected: Option<BlobDigest>) -> Result<BlobDigest, StoreError> {
        self.flush().await?;
        let State::Large { disk, .. } = &mut self.state else { return Err(StoreError::Closed) };
        let Some(file) = disk.settle().await? else { return Err(StoreError::Closed) };
        let entering = self.entering.clone();
        let finished = self.parts.blocking(move || file.finish(expected, &entering)).await?;
        self.parts.directory_sync.sync().await?;
        let entering = self.entering.clone();
        self.parts.blocking(move || finished.enter(&entering)).await
    }
}

impl Disk {
    /// Waits for the running job and takes the file out. A failure is repeated to every later call.
    async fn settle(&mut self) -> Result<Option<Box<LargeFile>>, StoreError> {
        if let Self::Busy(job) = self {
            *self = match job.await {
                Ok(Ok(file)) => Self::Idle(Some(file)),
                Ok(Err(error)) => Self::Failed(error),
                Err(_) => Self::Failed(StoreError::Closed),
            };
        }
        match self {
            Self::Idle(file) => Ok(file.take()),
            Self::Failed(error) => Err(error.clone()),
            Self::Busy(_) => Err(StoreError::Closed),
        }
    }
}

impl Drop for BlobWriter {
    fn drop(&mut self) {
        // Removing a large file takes a while: not on the thread of the runtime. A busy one is removed where it is.
        if let State::Large { disk: Disk::Idle(file), .. } = &mut self.state
            && let Some(file) = file.take()
        {
            self.parts.runtime.spawn_blocking(move || drop(file));
        }
    }
}
