//! What all parts of the store use: configuration, index, buffers, figures, and the rules by which a finished blob enters.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use flotilla_model::BlobId;

use super::{
    index::{Entry, Index, Place},
    layout::Layout,
    record::{RECORD_HEADER_BYTES, RecordHeader},
    removed::Removed,
    segment::read_salt,
};
use crate::{BlobDigest, BlobStoreConfig, BufferPool, Counters, StoreError};

pub(crate) struct Shared {
    pub(crate) config: BlobStoreConfig,
    pub(crate) layout: Layout,
    pub(crate) index: Index,
    pub(crate) removed: Removed,
    pub(crate) pool: Arc<BufferPool>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) next_segment: AtomicU32,
    pub(crate) next_part: AtomicU64,
    /// Held while any part of the store lives; closing it releases the directory.
    pub(crate) _lock: File,
}

impl Shared {
    /// Enters a new blob. One with the same contents may be there already, from a repeated request: then nothing is entered.
    pub(crate) fn enter_new(&self, blob: BlobId, entry: Entry, digest: &BlobDigest) -> Result<bool, StoreError> {
        match self.index.put_new(blob, entry.clone()) {
            // Asked after entering it, as a removal is remembered before it looks: one of the two sees the other.
            Ok(()) if self.removed.contains(blob) => {
                self.index.remove(blob, Some(&entry.place));
                Err(StoreError::Removed(blob))
            }
            Ok(()) => Ok(true),
            Err(present) if self.digest_at(blob, &present)? == *digest => Ok(false),
            Err(_) => Err(StoreError::Conflict(blob)),
        }
    }

    /// Enters a blob in place of a damaged copy.
    pub(crate) fn enter_replacing(&self, blob: BlobId, entry: Entry) -> bool {
        let place = entry.place.clone();
        if let Some(old) = self.index.put(blob, entry)
            && old.place != place
        {
            self.discard(blob, &old);
        }
        true
    }

    /// Whether a new blob is there already, with the same contents; with others it is a conflict. Asked before its bytes are
    /// written: afterwards, a crash could not tell which came first.
    pub(crate) fn is_stored(&self, blob: BlobId, digest: &BlobDigest) -> Result<bool, StoreError> {
        let Some(present) = self.index.get(blob) else { return Ok(false) };
        match self.digest_at(blob, &present) {
            Ok(stored) if stored == *digest => Ok(true),
            Ok(_) => Err(StoreError::Conflict(blob)),
            // Compaction has just moved it, or it was deleted: the end decides.
            Err(_) => Ok(false),
        }
    }

    /// Frees what an entry that left the index took on disk. Space in segments is freed by compaction.
    pub(crate) fn discard(&self, blob: BlobId, entry: &Entry) {
        if let Place::Large { sha256 } = &entry.place {
            let path = self.layout.large_blob(blob, &BlobDigest { sha256: **sha256, length: entry.length });
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%error, %blob, "could not remove a blob");
                }
                _ => {}
            }
        }
    }

    /// The checksum that was stored with a blob. Reads the disk for small ones.
    pub(crate) fn digest_at(&self, blob: BlobId, entry: &Entry) -> Result<BlobDigest, StoreError> {
        match &entry.place {
            Place::Large { sha256 } => Ok(BlobDigest { sha256: **sha256, length: entry.length }),
            Place::Segment { number, offset } => {
                let file = File::open(self.layout.segment(*number)).map_err(StoreError::io("open a segment"))?;
                Ok(self.record_at(&file, *number, *offset, blob)?.digest())
            }
        }
    }

    /// The header of a record, which must be that of the blob.
    pub(crate) fn record_at(
        &self,
        file: &File,
        number: u32,
        offset: u32,
        blob: BlobId,
    ) -> Result<RecordHeader, StoreError> {
        let salt =
            read_salt(file, number).map_err(StoreError::io("read a segment"))?.ok_or(StoreError::Corrupt { blob })?;
        let mut header = [0; RECORD_HEADER_BYTES];
        match file.read_exact_at(&mut header, offset.into()) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(StoreError::Corrupt { blob }),
            result => result.map_err(StoreError::io("read a segment"))?,
        }
        RecordHeader::decode(&header, salt).filter(|header| header.blob == blob).ok_or(StoreError::Corrupt { blob })
    }
}

pub(crate) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis() as u64)
}
