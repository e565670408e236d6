//! The next segment, made ahead in the background, so that changing segments doesn't stop writes.
//!
//! Zeros that were written make each later sync cheaper (measured: 0.14 ms against 0.29 ms), since the file system has no
//! metadata to write. But the disk carries each byte of the log twice then, which halves what it can take when it is what
//! holds the log up. So a log that is filled fast has its zeros only promised by the file system: its frames are large,
//! and few syncs pay for the metadata. Segments that are of no use any more are used again.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::segment::{SPARE_NAME, used_name};
use crate::disk::{Disk, DiskFile, Pace, write_zeros};

/// Old segments kept for use again: as many as a snapshot frees at once under load.
const USED_MAX: usize = 20;

/// A segment that lasts longer pays for its zeros: 16 MiB of them are then a few per cent of what a disk does.
const WRITTEN_FROM: Duration = Duration::from_secs(4);

/// How a file comes to be zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zeros {
    Written,
    /// By the file system's word, with room for the bytes that will come.
    Promised,
}

impl Zeros {
    /// What suits a log whose last segment was in use for so long; `None`: it is the first.
    pub(super) fn after(segment_lasted: Option<Duration>) -> Self {
        match segment_lasted {
            Some(lasted) if lasted < WRITTEN_FROM => Self::Promised,
            _ => Self::Written,
        }
    }
}

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
    pub(super) fn prepare(&mut self, zeros: Zeros) {
        if !matches!(self.progress, Progress::Nothing) {
            return;
        }
        let disk = Arc::clone(&self.disk);
        let (segment_bytes, used) = (self.segment_bytes, self.used.pop());
        let fill = move || make(disk.as_ref(), used, segment_bytes, zeros);
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
            None => make(self.disk.as_ref(), None, self.segment_bytes, Zeros::Promised)?,
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
fn make(disk: &dyn Disk, used: Option<String>, segment_bytes: u64, zeros: Zeros) -> Prepared {
    let name = match used {
        Some(name) if disk.open(&name)?.length()? == segment_bytes => name,
        // Made under other settings, or grown by a frame that is larger than a segment.
        Some(name) => {
            disk.remove(&name)?;
            new_file(disk)?
        }
        None => new_file(disk)?,
    };
    let file = disk.open_direct(&name)?;
    match zeros {
        Zeros::Written => write_zeros(file.as_ref(), segment_bytes)?,
        Zeros::Promised => file.reserve_zeros(segment_bytes)?,
    }
    file.sync()?;
    Ok((file, name))
}

fn new_file(disk: &dyn Disk) -> io::Result<String> {
    disk.create(SPARE_NAME)?;
    Ok(SPARE_NAME.to_owned())
}
