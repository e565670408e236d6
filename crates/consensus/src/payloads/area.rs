//! One file with data of events, one after the other.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use flotilla_model::StoredPayload;
use parking_lot::{Mutex, RwLock, RwLockUpgradableReadGuard};

use crate::disk::{Aligned, BLOCK_BYTES, Disk, DiskFile, fill_at};

/// The name of an area until it has none.
const NAME: &str = "payloads.area";
/// Snapshots and claims read one event after the other: so much is read for the next ones, too.
const AHEAD_BYTES: u64 = 256 << 10;
const BLOCK: u64 = BLOCK_BYTES as u64;

pub(super) struct Area {
    /// Made by the first write.
    file: OnceLock<Arc<dyn DiskFile>>,
    tail: RwLock<Tail>,
    /// Where the tail begins, or has begun: what lies before is in the file, and read without the lock.
    written: AtomicU64,
    ahead: Mutex<Ahead>,
    /// Bytes of all areas' slices.
    total: Arc<AtomicU64>,
}

/// The end of the area, not in the file yet.
#[derive(Default)]
struct Tail {
    /// Where it begins: what lies before is in the file.
    offset: u64,
    bytes: Vec<u8>,
}

impl Area {
    pub(super) fn new(total: Arc<AtomicU64>) -> Self {
        Self {
            file: OnceLock::new(),
            tail: RwLock::default(),
            written: AtomicU64::new(0),
            ahead: Mutex::default(),
            total,
        }
    }

    /// Bytes that are not in the file yet.
    pub(super) fn waiting(&self) -> usize {
        self.tail.read().bytes.len()
    }

    /// Writes the whole blocks of the tail, past the page cache; gives the file's length. Nobody waits meanwhile who wants to
    /// read. Blocks.
    pub(super) fn write(&self, disk: &dyn Disk) -> io::Result<u64> {
        let tail = self.tail.upgradable_read();
        let file = match self.file.get() {
            Some(file) => file,
            None => {
                drop(disk.create(NAME)?);
                let opened = disk.open_direct(NAME);
                disk.remove(NAME)?;
                let opened = opened?;
                self.file.get_or_init(|| opened)
            }
        };
        let whole = tail.bytes.len() - tail.bytes.len() % BLOCK_BYTES;
        file.write_at(tail.offset, &tail.bytes[..whole])?;
        let mut tail = RwLockUpgradableReadGuard::upgrade(tail);
        tail.offset += whole as u64;
        tail.bytes.drain(..whole);
        self.written.store(tail.offset, Ordering::Release);
        Ok(tail.offset)
    }

    /// Nothing is appended any more: what is left of the tail, less than a block unless its write failed, stays in memory.
    pub(super) fn finish(&self) {
        self.tail.write().bytes.shrink_to_fit();
    }
}

/// A part of the file that was read, whole blocks of it. What is written there never changes.
#[derive(Default)]
struct Ahead {
    offset: u64,
    length: u64,
    bytes: Aligned,
}

impl Ahead {
    /// Where the next reader in order would go on.
    fn end(&self) -> u64 {
        self.offset + self.length
    }

    /// Reads what begins at `offset`; of the file `written` bytes are there.
    fn read(&mut self, file: &dyn DiskFile, written: u64, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset + buffer.len() as u64;
        if offset < self.offset || end > self.end() {
            // Some that lay in between may be gone.
            let is_in_order = (self.offset..self.end() + AHEAD_BYTES).contains(&offset);
            let until = if is_in_order { written.min(offset + AHEAD_BYTES).max(end) } else { end };
            let start = offset - offset % BLOCK;
            let length = until.next_multiple_of(BLOCK) - start;
            self.length = 0;
            fill_at(file, start, self.bytes.piece(length as usize))?;
            (self.offset, self.length) = (start, length);
        }
        let start = (offset - self.offset) as usize;
        buffer.copy_from_slice(&self.bytes.held(self.length as usize)[start..start + buffer.len()]);
        if end + BLOCK > written {
            // Who reads in order goes on in another area.
            *self = Self { offset: self.end(), ..Self::default() };
        }
        Ok(())
    }
}

/// The data of one event.
pub(super) struct Slice {
    area: Arc<Area>,
    offset: u64,
    length: u64,
}

impl Slice {
    pub(super) fn append(area: &Arc<Area>, bytes: &[u8]) -> Arc<Self> {
        let mut tail = area.tail.write();
        let (offset, length) = (tail.offset + tail.bytes.len() as u64, bytes.len() as u64);
        tail.bytes.extend_from_slice(bytes);
        area.total.fetch_add(length, Ordering::Relaxed);
        Arc::new(Self { area: Arc::clone(area), offset, length })
    }
}

impl Drop for Slice {
    fn drop(&mut self) {
        self.area.total.fetch_sub(self.length, Ordering::Relaxed);
    }
}

impl StoredPayload for Slice {
    fn read(&self, buffer: &mut [u8]) -> io::Result<()> {
        let mut buffer = buffer;
        if self.offset + self.length > self.area.written.load(Ordering::Acquire) {
            let tail = self.area.tail.read();
            // It may begin in the file, or have been written meanwhile.
            let in_file = tail.offset.saturating_sub(self.offset).min(self.length);
            let (front, back) = buffer.split_at_mut(in_file as usize);
            if !back.is_empty() {
                let start = (self.offset + in_file - tail.offset) as usize;
                back.copy_from_slice(&tail.bytes[start..start + back.len()]);
            }
            buffer = front;
        }
        if buffer.is_empty() {
            return Ok(());
        }
        let file = self.area.file.get().ok_or(io::ErrorKind::NotFound)?;
        // Somebody else reads just now, from another place most likely.
        let Some(mut ahead) = self.area.ahead.try_lock() else { return fill_at(file.as_ref(), self.offset, buffer) };
        ahead.read(file.as_ref(), self.area.written.load(Ordering::Acquire), self.offset, buffer)
    }
}
