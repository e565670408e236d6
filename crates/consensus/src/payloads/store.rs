//! Data of waiting events in files, once there is more of it than shall be in memory.
//!
//! An event's data is asked for when its turn has come, and by snapshots. Until then it can lie in an *area*: a file that loses
//! its name as soon as it is made, so that a crash leaves nothing behind (log and snapshot hold the data, too). An area goes
//! with the last event whose data it holds. A disk that fails or is full costs memory and nothing else: what cannot be
//! written stays there.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use flotilla_model::{Payload, State, StoredPayload};
use parking_lot::Mutex;

use super::area::{Area, Slice};
use crate::disk::{BLOCK_BYTES, Disk, run_blocking};

/// So much waits in memory for one write, or a quarter of an area.
const WRITE_BYTES: u64 = 256 << 10;

/// Where the data of events goes; clones share it.
#[derive(Clone)]
pub(crate) struct PayloadStore {
    shared: Arc<Shared>,
}

struct Shared {
    disk: Arc<dyn Disk>,
    /// An area is full from here on. The larger, the more room one last event keeps; the smaller, the more open files.
    area_bytes: u64,
    write_bytes: usize,
    /// Takes what comes next.
    current: Mutex<Arc<Area>>,
    /// The last write failed: told once.
    is_failing: AtomicBool,
    /// Of events that are still there.
    bytes: Arc<AtomicU64>,
}

impl PayloadStore {
    pub(crate) fn new(disk: Arc<dyn Disk>, area_bytes: u64) -> Self {
        let write_bytes = (WRITE_BYTES.min(area_bytes / 4) as usize).max(BLOCK_BYTES);
        let bytes = Arc::new(AtomicU64::new(0));
        let current = Mutex::new(Arc::new(Area::new(Arc::clone(&bytes))));
        let is_failing = AtomicBool::new(false);
        Self { shared: Arc::new(Shared { disk, area_bytes, write_bytes, current, is_failing, bytes }) }
    }

    /// Bytes of data that are not in memory, those that wait to be written included.
    pub(crate) fn bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::Relaxed)
    }

    /// Takes the data out of `payload`. It stays in memory until the next write, and can be read all the while.
    pub(crate) fn take(&self, payload: &mut Payload) {
        payload.move_to(|bytes| -> Arc<dyn StoredPayload> { Slice::append(&self.shared.current.lock(), bytes) });
    }

    /// Whether enough waits for a write.
    pub(crate) fn is_due(&self) -> bool {
        self.shared.current.lock().waiting() >= self.shared.write_bytes
    }

    /// Writes what waits, where calls to the disk belong.
    pub(crate) async fn write(&self) -> io::Result<()> {
        let store = self.clone();
        run_blocking(self.shared.disk.as_ref(), move || {
            store.write_blocking();
            Ok(())
        })
        .await
    }

    /// Reads a state, whose events' data comes here beyond what shall be in memory. Blocks.
    pub(crate) fn read_state(&self, reader: &mut dyn io::Read) -> Result<State, flotilla_model::SnapshotError> {
        State::decode_snapshot_storing(reader, &mut |payload| {
            self.take(payload);
            if self.is_due() {
                self.write_blocking();
            }
        })
    }

    fn write_blocking(&self) {
        let Shared { disk, area_bytes, current, is_failing, bytes, .. } = &*self.shared;
        let area = Arc::clone(&current.lock());
        match area.write(disk.as_ref()) {
            Ok(length) => {
                if is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("the data of waiting events can be written to the disk again");
                }
                if length < *area_bytes {
                    return;
                }
            }
            Err(error) => {
                if !is_failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "the data of waiting events stays in memory: it cannot be written to the disk");
                }
            }
        }
        // What a failed one holds stays in its memory until the events are gone.
        *current.lock() = Arc::new(Area::new(Arc::clone(bytes)));
        area.finish();
    }
}
