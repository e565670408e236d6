//! The next segment, made ahead in the background, so that changing segments doesn't stop writes.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::segment::{SPARE_NAME, prepare_file};
use crate::disk::{Disk, DiskFile, Pace};

type Prepared = io::Result<Arc<dyn DiskFile>>;

enum Progress {
    Nothing,
    /// The thread ends when the file is filled.
    Filling(JoinHandle<Prepared>),
    Ready(Arc<dyn DiskFile>),
}

pub(super) struct Spare {
    disk: Arc<dyn Disk>,
    segment_bytes: u64,
    progress: Progress,
}

impl Spare {
    pub(super) fn new(disk: Arc<dyn Disk>, segment_bytes: u64) -> Self {
        Self { disk, segment_bytes, progress: Progress::Nothing }
    }

    /// Begins to make the spare. A failure shows when the spare is taken, if it still fails then.
    pub(super) fn prepare(&mut self) {
        if !matches!(self.progress, Progress::Nothing) {
            return;
        }
        let disk = Arc::clone(&self.disk);
        let segment_bytes = self.segment_bytes;
        let fill = move || prepare_file(disk.as_ref(), SPARE_NAME, segment_bytes);
        self.progress = match self.disk.pace() {
            Pace::Inline { .. } => fill().map_or(Progress::Nothing, Progress::Ready),
            Pace::Threads => {
                let thread = std::thread::Builder::new().name("log-spare".to_owned()).spawn(fill);
                thread.map_or(Progress::Nothing, Progress::Filling)
            }
        };
    }

    /// The spare under its new name, made now if it is not ready. The name is durable.
    pub(super) fn take(&mut self, name: &str) -> Prepared {
        let ready = match std::mem::replace(&mut self.progress, Progress::Nothing) {
            Progress::Nothing => None,
            Progress::Ready(file) => Some(file),
            Progress::Filling(thread) => thread.join().ok().and_then(Result::ok),
        };
        let file = match ready {
            Some(file) => file,
            None => prepare_file(self.disk.as_ref(), SPARE_NAME, self.segment_bytes)?,
        };
        self.disk.rename(SPARE_NAME, name)?;
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
