//! One large blob while it is written: a file under `incoming/` until its bytes are durable, then renamed to its final name.
//! All functions block and run on the blocking threads of the runtime.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;
use flotilla_model::BlobId;
use rustix::{fs::FallocateFlags, io::Errno};

use super::{
    appender::Entering,
    direct::create_new,
    index::{Entry, Place},
    shared::{Shared, now_ms},
};
use crate::{
    BlobDigest, Counters, DiskOperation, StoreError,
    buffer::{ALIGNMENT, Buffer, is_aligned},
    stream::Hasher,
};

/// Bytes that are gathered when the chunks that come are not aligned.
const TAIL_BYTES: usize = 256 << 10;
/// Room reserved at a time.
const RESERVE_BYTES: u64 = 64 << 20;

pub(crate) struct LargeFile {
    shared: Arc<Shared>,
    blob: BlobId,
    file: File,
    /// The temporary name, while there is one to remove.
    part: Option<PathBuf>,
    hasher: Hasher,
    tail: Buffer,
    written_bytes: u64,
    announced: u64,
    reserved_bytes: u64,
}

impl LargeFile {
    pub(crate) fn create(shared: Arc<Shared>, blob: BlobId, announced: Option<u64>) -> Result<Self, StoreError> {
        shared.config.gate.before(DiskOperation::Create, 0).map_err(StoreError::io("create a blob"))?;
        let path = shared.layout.part(blob, shared.next_part.fetch_add(1, Ordering::Relaxed));
        let file = create_new(&path, shared.config.direct_io).map_err(StoreError::io("create a blob"))?;
        let tail = shared.pool.take(TAIL_BYTES);
        let (part, hasher, announced) = (Some(path), Hasher::new(), announced.unwrap_or(0));
        Ok(Self { shared, blob, file, part, hasher, tail, written_bytes: 0, announced, reserved_bytes: 0 })
    }

    /// Reserves room for what comes next, so that the blob lies in few pieces. Not for all that was announced: a client could
    /// take the whole disk by its word alone.
    fn reserve(&mut self, end: u64) -> Result<(), StoreError> {
        if end <= self.reserved_bytes || self.reserved_bytes >= self.announced {
            return Ok(());
        }
        let length = RESERVE_BYTES.min(self.announced - self.reserved_bytes);
        let result = rustix::fs::fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.reserved_bytes, length);
        self.reserved_bytes += length;
        match result {
            Err(Errno::NOSPC | Errno::DQUOT) => Err(StoreError::NoSpace { free_bytes: 0, needed_bytes: length }),
            // Not every file system can reserve.
            _ => Ok(()),
        }
    }

    pub(crate) fn append(&mut self, chunks: &[Bytes]) -> Result<(), StoreError> {
        for chunk in chunks {
            self.hasher.update(chunk);
            let mut rest: &[u8] = chunk;
            if self.tail.is_empty() {
                let whole = rest.len() - rest.len() % ALIGNMENT;
                if whole > 0 && is_aligned(&rest[..whole]) {
                    self.write(&chunk[..whole])?;
                    rest = &rest[whole..];
                }
            }
            while !rest.is_empty() {
                let copied = self.tail.fill_from(rest);
                rest = &rest[copied..];
                if self.tail.is_full() {
                    let block = std::mem::replace(&mut self.tail, self.shared.pool.take(TAIL_BYTES));
                    self.write(block.filled())?;
                }
            }
        }
        Ok(())
    }

    fn write(&mut self, block: &[u8]) -> Result<(), StoreError> {
        self.reserve(self.written_bytes + block.len() as u64)?;
        let gate = &self.shared.config.gate;
        gate.before(DiskOperation::Write, block.len() as u64)
            .and_then(|()| self.file.write_all_at(block, self.written_bytes))
            .map_err(StoreError::io("write a blob"))?;
        self.written_bytes += block.len() as u64;
        Ok(())
    }

    /// Makes the bytes durable and gives the file its name; the caller then syncs the directory and enters the blob.
    pub(crate) fn finish(
        mut self,
        expected: Option<BlobDigest>,
        entering: &Entering,
    ) -> Result<FinishedLarge, StoreError> {
        let actual = self.hasher.clone().finish();
        if let Some(expected) = expected.filter(|expected| *expected != actual) {
            return Err(StoreError::Mismatch { blob: self.blob, expected, actual });
        }
        if matches!(entering, Entering::New) {
            self.shared.is_stored(self.blob, &actual)?;
        }
        self.write_tail()?;
        self.file.set_len(actual.length).map_err(StoreError::io("cut a blob to its length"))?;
        let gate = &self.shared.config.gate;
        gate.before(DiskOperation::Sync, 0)
            .and_then(|()| self.file.sync_data())
            .map_err(StoreError::io("sync a blob"))?;
        let path = self.shared.layout.large_blob(self.blob, &actual);
        if let Some(part) = &self.part {
            gate.before(DiskOperation::Rename, 0)
                .and_then(|()| std::fs::rename(part, path))
                .map_err(StoreError::io("name a blob"))?;
        }
        self.part = None;
        let place = Place::Large { sha256: Box::new(actual.sha256) };
        let entry = Entry { length: actual.length, created_ms: now_ms(), place };
        Ok(FinishedLarge { shared: Arc::clone(&self.shared), blob: self.blob, digest: actual, entry })
    }

    fn write_tail(&mut self) -> Result<(), StoreError> {
        let mut tail = std::mem::replace(&mut self.tail, self.shared.pool.take(1));
        if tail.is_empty() { Ok(()) } else { self.write(tail.padded()) }
    }
}

impl Drop for LargeFile {
    fn drop(&mut self) {
        if let Some(part) = &self.part
            && let Err(error) = std::fs::remove_file(part)
        {
            tracing::warn!(%error, blob = %self.blob, "could not remove an unfinished blob");
        }
    }
}

/// A large blob whose bytes are durable, and whose name will be with the next sync of the directory. Dropped before it is entered,
/// because nobody waits for it any more, it leaves nothing.
pub(crate) struct FinishedLarge {
    shared: Arc<Shared>,
    blob: BlobId,
    digest: BlobDigest,
    entry: Entry,
}

impl FinishedLarge {
    pub(crate) fn enter(self, entering: &Entering) -> Result<BlobDigest, StoreError> {
        match entering {
            Entering::Replacing => self.shared.enter_replacing(self.blob, self.entry.clone()),
            Entering::New | Entering::Moved(_) => self.shared.enter_new(self.blob, self.entry.clone(), &self.digest)?,
        };
        Counters::add(&self.shared.counters.blobs_written, 1);
        Counters::add(&self.shared.counters.large_finishes, 1);
        Counters::add(&self.shared.counters.bytes_written, self.digest.length);
        Ok(self.digest)
    }
}

impl Drop for FinishedLarge {
    fn drop(&mut self) {
        // A repeated request has the file of the first one, which is entered.
        if self.shared.index.get(self.blob).is_none_or(|present| present.place != self.entry.place) {
            self.shared.discard(self.blob, &self.entry);
        }
    }
}
