//! Reads one blob. Small ones come whole and checked with one read; large ones stream with the next chunks read ahead.

use std::{collections::VecDeque, fs::File, io, ops::Range, os::unix::fs::FileExt, sync::Arc};

use bytes::Bytes;
use flotilla_model::BlobId;
use futures::{Stream, stream};
use tokio::{runtime::Handle, task::JoinHandle};

use super::{
    blob_store::StoreParts,
    direct::open_existing,
    index::{Entry, Place},
    segment::read_payload,
    shared::Shared,
};
use crate::{BlobDigest, BufferPool, ByteRange, ChunkStream, Counters, StoreError, StreamError, buffer::ALIGNMENT};

/// Bytes of one read: few hops for many bytes.
const READ_BYTES: u64 = 512 << 10;
/// Reads under way for one download: while one chunk is sent, the disk works on the next ones. Bounds its memory, too.
const READS_AHEAD: usize = 2;

/// An open blob. It stays readable to its end when the blob is deleted meanwhile.
pub struct BlobReader {
    blob: BlobId,
    digest: BlobDigest,
    contents: Contents,
    parts: Arc<StoreParts>,
}

enum Contents {
    Memory(Bytes),
    File { file: Arc<File>, direct: bool },
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
            Contents::File { file, direct } => {
                let pool = Arc::clone(&self.parts.shared.pool);
                let runtime = self.parts.runtime.clone();
                Ok(Box::pin(read_ahead(ReadAhead {
                    file,
                    direct,
                    pool,
                    runtime,
                    position: range.start,
                    end: range.end,
                    reads: VecDeque::new(),
                })))
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
            let wants_direct = shared.config.direct_io && entry.length >= shared.config.direct_read_bytes;
            let path = shared.layout.large_blob(blob, &digest);
            let (file, direct) = open_existing(&path, wants_direct).map_err(StoreError::io("open a blob"))?;
            let length = file.metadata().map_err(StoreError::io("open a blob"))?.len();
            if length != entry.length {
                return Err(StoreError::Corrupt { blob });
            }
            Ok((digest, Contents::File { file: Arc::new(file), direct }))
        }
    }
}

type Reading = JoinHandle<io::Result<Bytes>>;

struct ReadAhead {
    file: Arc<File>,
    direct: bool,
    pool: Arc<BufferPool>,
    runtime: Handle,
    position: u64,
    end: u64,
    reads: VecDeque<Reading>,
}

impl ReadAhead {
    fn keep_reading(&mut self) {
        while self.reads.len() < READS_AHEAD && self.position < self.end {
            // Reads end at multiples of their size, so that all but the first are aligned.
            let next = (self.position / READ_BYTES + 1) * READ_BYTES;
            let range = self.position..next.min(self.end);
            self.position = range.end;
            let (file, direct, pool) = (Arc::clone(&self.file), self.direct, Arc::clone(&self.pool));
            self.reads.push_back(self.runtime.spawn_blocking(move || read_range(&file, direct, &pool, range)));
        }
    }
}

/// Direct reads begin and end at multiples of the alignment; what is too much is left out.
fn read_range(file: &File, direct: bool, pool: &Arc<BufferPool>, range: Range<u64>) -> io::Result<Bytes> {
    let alignment = if direct { ALIGNMENT as u64 } else { 1 };
    let start = range.start - range.start % alignment;
    let length = (range.end.next_multiple_of(alignment) - start) as usize;
    let wanted = (range.end - start) as usize;
    let mut buffer = pool.take(length);
    let space = buffer.for_reading(length);
    let mut read = 0;
    // A direct read is short at the end of the file only.
    while read < wanted {
        match file.read_at(&mut space[read..], start + read as u64) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => read += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(buffer.freeze().slice((range.start - start) as usize..wanted))
}

fn read_ahead(mut state: ReadAhead) -> impl Stream<Item = Result<Bytes, StreamError>> + Send {
    state.keep_reading();
    stream::unfold(state, |mut state| async move {
        let result = match state.reads.pop_front()?.await {
            Ok(Ok(chunk)) => {
                state.keep_reading();
                Ok(chunk)
            }
            Ok(Err(error)) => {
                state.reads.clear();
                state.position = state.end;
                Err(StoreError::io("read a blob")(error).into())
            }
            Err(_) => Err(StoreError::Closed.into()),
        };
        Some((result, state))
    })
}
