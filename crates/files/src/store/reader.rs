//! Reads one blob. Small ones come whole and checked with one read; large ones stream with one chunk read ahead.

use std::{fs::File, io, os::unix::fs::FileExt, sync::Arc};

use bytes::Bytes;
use flotilla_model::BlobId;
use futures::{Stream, stream};
use tokio::{runtime::Handle, task::JoinHandle};

use super::{
    blob_store::StoreParts,
    index::{Entry, Place},
    segment::read_payload,
    shared::Shared,
};
use crate::{BlobDigest, BufferPool, ByteRange, ChunkStream, Counters, StoreError, StreamError};

/// Bytes of one read: few hops for many bytes, and two of them per download are bounded memory.
const READ_BYTES: u64 = 512 << 10;

/// An open blob. It stays readable to its end when the blob is deleted meanwhile.
pub struct BlobReader {
    blob: BlobId,
    digest: BlobDigest,
    contents: Contents,
    parts: Arc<StoreParts>,
}

enum Contents {
    Memory(Bytes),
    File(Arc<File>),
}

impl BlobReader {
    /// Blocks.
    pub(crate) fn open(parts: Arc<StoreParts>, blob: BlobId) -> Result<Self, StoreError> {
        let shared = &parts.shared;
        let mut entry = shared.index.get(blob).ok_or(StoreError::NotFound(blob))?;
        loop {
            match open_at(shared, blob, &entry) {
                Ok((digest, contents)) => return Ok(Self { blob, digest, contents, parts }),
                Err(error) => {
                    // Compaction or repair may have moved the blob since the index was read.
                    let now = shared.index.get(blob).ok_or(StoreError::NotFound(blob))?;
                    if now.place == entry.place {
                        if matches!(error, StoreError::Corrupt { .. }) {
                            Counters::add(&shared.counters.corrupt_found, 1);
                        }
                        return Err(error);
                    }
                    entry = now;
                }
            }
        }
    }

    pub fn blob(&self) -> BlobId {
        self.blob
    }

    /// The checksum and length that were stored with the blob.
    pub fn digest(&self) -> BlobDigest {
        self.digest
    }

    /// Streams a part of the blob.
    pub fn stream(self, range: ByteRange) -> Result<ChunkStream, StoreError> {
        let length = self.digest.length;
        let range = range.within(length).ok_or(StoreError::InvalidRange { length })?;
        Counters::add(&self.parts.shared.counters.bytes_read, range.end - range.start);
        match self.contents {
            Contents::Memory(bytes) => {
                let part = bytes.slice(range.start as usize..range.end as usize);
                Ok(Box::pin(stream::iter((!part.is_empty()).then_some(Ok(part)))))
            }
            Contents::File(file) => {
                let pool = Arc::clone(&self.parts.shared.pool);
                let runtime = self.parts.runtime.clone();
                Ok(Box::pin(read_ahead(file, pool, runtime, range.start, range.end)))
            }
        }
    }
}

fn open_at(shared: &Shared, blob: BlobId, entry: &Entry) -> Result<(BlobDigest, Contents), StoreError> {
    match &entry.place {
        Place::Segment { number, offset } => {
            let file = File::open(shared.layout.segment(*number)).map_err(StoreError::io("open a segment"))?;
            let header = shared.record_at(&file, *number, *offset, blob)?;
            let payload = read_payload(&file, (*offset).into(), &header).map_err(StoreError::io("read a blob"))?;
            Ok((header.digest(), Contents::Memory(payload.ok_or(StoreError::Corrupt { blob })?)))
        }
        Place::Large { sha256 } => {
            let digest = BlobDigest { sha256: **sha256, length: entry.length };
            let file = File::open(shared.layout.large_blob(blob, &digest)).map_err(StoreError::io("open a blob"))?;
            let length = file.metadata().map_err(StoreError::io("open a blob"))?.len();
            if length != entry.length {
                return Err(StoreError::Corrupt { blob });
            }
            Ok((digest, Contents::File(Arc::new(file))))
        }
    }
}

type Reading = JoinHandle<io::Result<Bytes>>;

struct ReadAhead {
    file: Arc<File>,
    pool: Arc<BufferPool>,
    runtime: Handle,
    position: u64,
    end: u64,
    next: Option<Reading>,
}

impl ReadAhead {
    fn start_next(&mut self) {
        let length = READ_BYTES.min(self.end - self.position) as usize;
        if length == 0 {
            return;
        }
        let (file, pool, position) = (Arc::clone(&self.file), Arc::clone(&self.pool), self.position);
        self.position += length as u64;
        self.next = Some(self.runtime.spawn_blocking(move || {
            let mut buffer = pool.take(length);
            file.read_exact_at(buffer.for_reading(length), position)?;
            Ok(buffer.freeze())
        }));
    }
}

fn read_ahead(
    file: Arc<File>,
    pool: Arc<BufferPool>,
    runtime: Handle,
    start: u64,
    end: u64,
) -> impl Stream<Item = Result<Bytes, StreamError>> + Send {
    let mut state = ReadAhead { file, pool, runtime, position: start, end, next: None };
    state.start_next();
    stream::unfold(state, |mut state| async move {
        let result = match state.next.take()?.await {
            Ok(Ok(chunk)) => {
                state.start_next();
                Ok(chunk)
            }
            Ok(Err(error)) => Err(StoreError::io("read a blob")(error).into()),
            Err(_) => Err(StoreError::Closed.into()),
        };
        Some((result, state))
    })
}
