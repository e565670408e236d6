//! The next segment, made ahead in the background, so that changing segments doesn't stop writes.
//!
//! A segment that is of no use any more is filled with zeros and used again: its pages are in the page cache and its blocks
//! on the disk, so that costs a fraction of a new file (measured: 0.3 against 3 µs of CPU a KiB).

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::segment::{SPARE_NAME, fill_with_zeros, prepare_file, used_name};
use crate::disk::{Disk, DiskFile, Pace};

/// Old segments kept for use again: as many as a snapshot frees at once under load.
const USED_MAX: usize = 20;

/// A file of zeros and its name.
type Prepared = io::Result<(Arc<dyn DiskFile>, String)>;

enum Progress {
    Nothing,
    /// The thread ends when the file is filled.
    Filling(JoinHandle<Prepared>),
    Ready(Arc<dyn DiskFile>, String),
}

pub(super) struct Spare {
    disk: Arc<dyn Disk>,
    segment_bytes: u64,
    progress: Progress,
    /// Names of old segments, in no order.
    used: Vec<String>,
}

impl Spare {
    pub(super) fn new(disk: Arc<dyn Disk>, segment_bytes: u64) -> Self {
        Self { disk, segment_bytes, progress: Progress::Nothing, used: Vec::new() }
    }

    /// Whether one more old segment is kept.
    pub(super) fn wants_used(&self, coming: usize) -> bool {
        self.used.len() + coming < USED_MAX
    }

    /// Takes old segments that were renamed to [`used_name`], durably, and that nobody reads.
    pub(super) fn keep_used(&mut self, numbers: impl Iterator<Item = u64>) {
        self.used.extend(numbers.map(used_name));
    }

    /// Begins to make the spare. A failure shows when the spare is taken, if it still fails then.
    pub(super) fn prepare(&mut self) {
        if !matches!(self.progress, Progress::Nothing) {
            return;
        }
        let disk = Arc::clone(&self.disk);
        let (segment_bytes, used) = (self.segment_bytes, self.used.pop());
        let fill = move || make(disk.as_ref(), used, segment_bytes);
        self.progress = match self.disk.pace() {
            Pace::Inline { .. } => fill().map_or(Progress::Nothing, |(file, name)| Progress::Ready(file, name)),
            Pace::Threads => {
                let thread = std::thread::Builder::new().name("log-spare".to_owned()).spawn(fill);
                thread.map_or(Progress::Nothing, Progress::Filling)
            }
        };
    }

    /// The spare under its new name, made now if it is not ready. The name is durable.
    pub(super) fn take(&mut self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let ready = match std::mem::replace(&mut self.progress, Progress::Nothing) {
            Progress::Nothing => None,
            Progress::Ready(file, prepared) => Some((file, prepared)),
            Progress::Filling(thread) => thread.join().ok().and_then(Result::ok),
        };
        let (file, prepared) = match ready {
            Some(ready) => ready,
            None => make(self.disk.as_ref(), None, self.segment_bytes)?,
        };
        self.disk.rename(&prepared, name)?;
        self.disk.sync_directory()?;
        Ok(file)
    }

    /// Waits for the thread, so that the disk is free when the log is closed.
    pub(super) fn close(self) {
        if let Progress::Filling(thread) = self.progress {
            drop(thread.join());
        }
    }
}

/// An old segment if there is one, else a new file; of zeros and synced.
fn make(disk: &dyn Disk, used: Option<String>, segment_bytes: u64) -> Prepared {
    if let Some(name) = used {
        let file = disk.open(&name)?;
        // One of another size was made under other settings.
        if file.length()? == segment_bytes {
            fill_with_zeros(file.as_ref(), segment_bytes)?;
            return Ok((file, name));
        }
        disk.remove(&name)?;
    }
    Ok((prepare_file(disk, SPARE_NAME, segment_bytes)?, SPARE_NAME.to_owned()))
}
