//! Whether the disk still takes writes, and how fast: a primary that cannot write must hand over.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::runtime::Handle;

use crate::{BlobStore, DiskGate, DiskOperation, StoreError};

const BLOCK_BYTES: usize = 4096;

/// Writes and syncs one block of its own file. One at a time: a disk that hangs holds one thread, not more and more.
#[derive(Clone)]
pub struct DiskProbe {
    path: std::path::PathBuf,
    gate: Arc<dyn DiskGate>,
    running: Arc<AtomicBool>,
    runtime: Handle,
}

impl DiskProbe {
    pub fn new(store: &BlobStore) -> Self {
        Self {
            path: store.directory().join("probe"),
            gate: store.gate(),
            running: Arc::new(AtomicBool::new(false)),
            runtime: store.runtime(),
        }
    }

    /// The file that is written.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// The time of one write with sync. Callers put their own limit around it; while an earlier probe hangs, this is an error.
    pub async fn measure(&self) -> Result<Duration, StoreError> {
        if self.running.swap(true, Ordering::AcqRel) {
            return Err(StoreError::io("probe the disk while an earlier probe hangs")(io::ErrorKind::TimedOut.into()));
        }
        let (path, gate, running) = (self.path.clone(), Arc::clone(&self.gate), Arc::clone(&self.running));
        let probing = self.runtime.spawn_blocking(move || {
            let begin = Instant::now();
            let result = write_block(&path, gate.as_ref());
            running.store(false, Ordering::Release);
            result.map(|()| begin.elapsed())
        });
        probing.await.map_err(|_| StoreError::Closed)?.map_err(StoreError::io("probe the disk"))
    }
}

fn write_block(path: &std::path::Path, gate: &dyn DiskGate) -> io::Result<()> {
    gate.before(DiskOperation::Write, BLOCK_BYTES as u64)?;
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    file.write_all_at(&[0x5a; BLOCK_BYTES], 0)?;
    gate.before(DiskOperation::Sync, 0)?;
    file.sync_data()
}
