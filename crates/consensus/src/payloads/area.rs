//! One file with data of events, one after the other.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use flotilla_model::StoredPayload;
use parking_lot::{RwLock, RwLockUpgradableReadGuard};

use crate::disk::{Disk, DiskFile, fill_at};

/// The name of an area until it has none.
const NAME: &str = "payloads.area";

pub(super) struct Area {
    /// Made by the first write.
    file: OnceLock<Arc<dyn DiskFile>>,
    tail: RwLock<Tail>,
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
        Self { file: OnceLock::new(), tail: RwLock::default(), total }
    }

    /// Bytes that are not in the file yet.
    pub(super) fn waiting(&self) -> usize {
        self.tail.read().bytes.len()
    }

    /// Writes the tail; gives the file's length. Nobody waits meanwhile who wants to read. Blocks.
    pub(super) fn write(&self, disk: &dyn Disk) -> io::Result<u64> {
        let tail = self.tail.upgradable_read();
        let file = match self.file.get() {
            Some(file) => file,
            None => {
                let made = disk.create(NAME)?;
                disk.remove(NAME)?;
                self.file.get_or_init(|| made)
            }
        };
        file.write_at(tail.offset, &tail.bytes)?;
        let mut tail = RwLockUpgradableReadGuard::upgrade(tail);
        tail.offset += tail.bytes.len() as u64;
        tail.bytes.clear();
        Ok(tail.offset)
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
        let tail = self.area.tail.read();
        if let Some(start) = self.offset.checked_sub(tail.offset) {
            let start = start as usize;
            let bytes = tail.bytes.get(start..start + buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            buffer.copy_from_slice(bytes);
            return Ok(());
        }
        drop(tail);
        let file = self.area.file.get().ok_or(io::ErrorKind::NotFound)?;
        fill_at(file.as_ref(), self.offset, buffer)
    }
}
