//! The file of a snapshot: a head that says what it is about, the state, and a checksum of all.
//!
//! Layout, little endian: magic, version u16, length of the meta data u32, meta data (postcard), state, crc32 u32.

use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;

use flotilla_model::State;

use crate::disk::DiskFile;
use crate::payloads::PayloadStore;
use crate::types::SnapshotMeta;

const MAGIC: [u8; 8] = *b"FLTLSNP\0";
const VERSION: u16 = 1;
const CHECKSUM_BYTES: u64 = 4;
/// The meta data holds the membership: far below this.
const META_BYTES_MAX: usize = 1 << 20;
const BUFFER_BYTES: usize = 1 << 20;
/// A snapshot is synced in pieces of this size while it is written: one sync of the whole would hold up the syncs of the log
/// on the same device for as long as the device takes for all of it.
const SYNC_EVERY_BYTES: u64 = 4 << 20;

/// Why a snapshot could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The disk failed.
    #[error("cannot {action} snapshot {file}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        file: String,
        /// The cause.
        source: io::Error,
    },
    /// The file is damaged.
    #[error(
        "snapshot {file} is damaged: {reason}; restore the data directory from a backup, or remove it and let the node \
         join again"
    )]
    Corrupt {
        /// The file.
        file: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A version wrote it that this one does not know.
    #[error("snapshot {file} has format {found}; this version reads format {VERSION}")]
    UnknownVersion {
        /// The file.
        file: String,
        /// Its format.
        found: u16,
    },
    /// The state in it is unreadable.
    #[error("the state in snapshot {file} cannot be read or written")]
    State {
        /// The file.
        file: String,
        /// The cause.
        source: flotilla_model::SnapshotError,
    },
}

/// An open snapshot; stays readable when a newer one takes its place.
#[derive(Clone)]
pub(crate) struct SnapshotFile {
    pub(crate) name: String,
    pub(crate) file: Arc<dyn DiskFile>,
}

impl std::fmt::Debug for SnapshotFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SnapshotFile({})", self.name)
    }
}

impl SnapshotFile {
    fn io(&self, action: &'static str) -> impl FnOnce(io::Error) -> SnapshotError {
        let file = self.name.clone();
        move |source| SnapshotError::Io { action, file, source }
    }

    fn corrupt(&self, reason: &'static str) -> SnapshotError {
        SnapshotError::Corrupt { file: self.name.clone(), reason }
    }

    /// Writes a snapshot and makes it durable, under the name it has now.
    pub(super) fn write(&self, meta: &SnapshotMeta, state: &State) -> Result<(), SnapshotError> {
        let mut writer = ChecksummedWriter::new(self.file.as_ref());
        let meta = postcard::to_allocvec(meta).map_err(io::Error::other).map_err(self.io("encode"))?;
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&VERSION.to_le_bytes());
        head.extend_from_slice(&(meta.len() as u32).to_le_bytes());
        head.extend_from_slice(&meta);
        writer.write_all(&head).map_err(self.io("write"))?;
        let encoded = state.encode_snapshot(&mut writer);
        encoded.map_err(|source| SnapshotError::State { file: self.name.clone(), source })?;
        writer.finish().map_err(self.io("write"))?;
        self.file.sync().map_err(self.io("sync"))
    }

    /// Reads and checks the whole snapshot. The data of events that are beyond what shall be in memory goes to `payloads`.
    pub(crate) fn read(&self, payloads: &PayloadStore) -> Result<(SnapshotMeta, State), SnapshotError> {
        let length = self.file.length().map_err(self.io("read"))?;
        let content_bytes = length.checked_sub(CHECKSUM_BYTES).ok_or_else(|| self.corrupt("too short"))?;
        let source = ChecksummedReader {
            file: self.file.as_ref(),
            offset: 0,
            end: content_bytes,
            hasher: crc32fast::Hasher::new(),
        };
        let mut reader = BufReader::with_capacity(BUFFER_BYTES, source);
        let meta = self.read_head(&mut reader)?;
        let state = payloads.read_state(&mut reader);
        let state = state.map_err(|source| SnapshotError::State { file: self.name.clone(), source })?;
        io::copy(&mut reader, &mut io::sink()).map_err(self.io("read"))?;
        let actual = reader.into_inner().hasher.finalize();
        let mut expected = [0; 4];
        self.file.read_at(content_bytes, &mut expected).map_err(self.io("read"))?;
        if actual != u32::from_le_bytes(expected) {
            return Err(self.corrupt("bad checksum"));
        }
        Ok((meta, state))
    }

    fn read_head(&self, reader: &mut impl Read) -> Result<SnapshotMeta, SnapshotError> {
        let mut head = [0; 14];
        reader.read_exact(&mut head).map_err(|_| self.corrupt("too short"))?;
        let (magic, rest) = head.split_at(8);
        if magic != MAGIC {
            return Err(self.corrupt("not a snapshot"));
        }
        let found = u16::from_le_bytes([rest[0], rest[1]]);
        if found != VERSION {
            return Err(SnapshotError::UnknownVersion { file: self.name.clone(), found });
        }
        let meta_bytes = u32::from_le_bytes([rest[2], rest[3], rest[4], rest[5]]) as usize;
        if meta_bytes > META_BYTES_MAX {
            return Err(self.corrupt("meta data too long"));
        }
        let mut meta = vec![0; meta_bytes];
        reader.read_exact(&mut meta).map_err(|_| self.corrupt("too short"))?;
        postcard::from_bytes(&meta).map_err(|_| self.corrupt("unreadable meta data"))
    }
}

/// Writes whole blocks: all buffers are full, but the last one.
struct ChecksummedWriter<'a> {
    file: &'a dyn DiskFile,
    buffer: Vec<u8>,
    /// Where the buffer goes.
    offset: u64,
    synced: u64,
    hasher: crc32fast::Hasher,
}

impl<'a> ChecksummedWriter<'a> {
    fn new(file: &'a dyn DiskFile) -> Self {
        let buffer = Vec::with_capacity(BUFFER_BYTES);
        Self { file, buffer, offset: 0, synced: 0, hasher: crc32fast::Hasher::new() }
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        self.file.write_at(self.offset, &self.buffer)?;
        self.hasher.update(&self.buffer);
        self.offset += self.buffer.len() as u64;
        self.buffer.clear();
        if self.offset - self.synced >= SYNC_EVERY_BYTES {
            self.file.sync()?;
            self.synced = self.offset;
        }
        Ok(())
    }

    /// What is left, and the checksum of all.
    fn finish(mut self) -> io::Result<()> {
        self.write_buffer()?;
        self.file.write_at(self.offset, &self.hasher.finalize().to_le_bytes())
    }
}

impl Write for ChecksummedWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() == BUFFER_BYTES {
            self.write_buffer()?;
        }
        let count = bytes.len().min(BUFFER_BYTES - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct ChecksummedReader<'a> {
    file: &'a dyn DiskFile,
    offset: u64,
    end: u64,
    hasher: crc32fast::Hasher,
}

impl Read for ChecksummedReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = (self.end - self.offset).min(buffer.len() as u64) as usize;
        let count = self.file.read_at(self.offset, &mut buffer[..wanted])?;
        self.hasher.update(&buffer[..count]);
        self.offset += count as u64;
        Ok(count)
    }
}
