//! What the writer, the readers and the store share.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};

use super::index::Index;

pub(super) struct Shared {
    index: Mutex<Index>,
    failure: Mutex<Option<(io::ErrorKind, String)>>,
    syncs: AtomicU64,
}

impl Shared {
    pub(super) fn new(index: Index) -> Self {
        Self { index: Mutex::new(index), failure: Mutex::new(None), syncs: AtomicU64::new(0) }
    }

    /// The index; held shortly, never over I/O.
    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock()
    }

    pub(super) fn set_failure(&self, kind: io::ErrorKind, message: &str) {
        *self.failure.lock() = Some((kind, message.to_owned()));
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.failure.lock().as_ref().map(|(_, message)| message.clone())
    }

    /// The error that everybody gets after a failure.
    pub(super) fn check(&self) -> io::Result<()> {
        match &*self.failure.lock() {
            Some((kind, message)) => Err(io::Error::new(*kind, message.clone())),
            None => Ok(()),
        }
    }

    pub(super) fn count_sync(&self) {
        self.syncs.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }
}
