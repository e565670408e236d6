//! A disk in memory that can be crashed, filled up and made to fail.
//!
//! A crash keeps what was synced; each unsynced write is kept, lost or torn at a sector's border, and unsynced changes of
//! the directory are kept up to some point. Handles from before the crash fail from then on, so that a task of the old
//! process cannot write to the new one's files.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::crash;
use crate::disk::{Disk, DiskFile, Pace};
use crate::runtime::random_below;

/// What is wrong with the disk at this moment.
#[derive(Clone, Debug, Default)]
pub struct DiskFaults {
    /// Writes that would make the files larger than this together fail with `StorageFull`.
    pub capacity_bytes: Option<u64>,
    /// Every sync fails.
    pub fail_syncs: bool,
    /// A batch takes up to this long.
    pub latency_max: Duration,
}

pub(super) type FileNumber = u64;

#[derive(Clone, Debug)]
pub(super) enum DirectoryChange {
    Link(String, FileNumber),
    Rename(String, String),
    Remove(String),
}

#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) current: Vec<u8>,
    pub(super) durable: Vec<u8>,
    /// Written and not yet synced, in order.
    pub(super) unsynced: Vec<(u64, Vec<u8>)>,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) contents: BTreeMap<FileNumber, Contents>,
    pub(super) names: BTreeMap<String, FileNumber>,
    pub(super) durable_names: BTreeMap<String, FileNumber>,
    pub(super) unsynced_changes: Vec<DirectoryChange>,
    pub(super) epoch: u64,
    next_number: FileNumber,
    faults: DiskFaults,
    file_syncs: u64,
}

/// The device; clones share it.
#[derive(Clone, Debug, Default)]
pub struct SimDisk {
    store: Arc<Mutex<Store>>,
}

impl SimDisk {
    /// An empty disk without faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Crashes the machine: unsynced writes may be lost or torn, open handles die.
    pub fn crash(&self) {
        crash::crash(&mut self.store.lock());
    }

    /// Sets what is wrong from now on.
    pub fn set_faults(&self, faults: DiskFaults) {
        self.store.lock().faults = faults;
    }

    /// How many times a file was synced.
    pub fn file_syncs(&self) -> u64 {
        self.store.lock().file_syncs
    }

    /// Changes the bytes of a file behind everybody's back, durably. For tests of damage.
    pub fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let mut store = self.store.lock();
        let number = *store.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        let contents = store.contents.get_mut(&number).ok_or(io::ErrorKind::NotFound)?;
        change(&mut contents.current);
        contents.durable = contents.current.clone();
        contents.unsynced.clear();
        Ok(())
    }
}

impl Disk for SimDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.store.lock().names.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let store = self.store.lock();
        let number = *store.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(SimFile { store: Arc::clone(&self.store), number, epoch: store.epoch }))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut store = self.store.lock();
        store.next_number += 1;
        let number = store.next_number;
        store.contents.insert(number, Contents::default());
        store.change(DirectoryChange::Link(name.to_owned(), number));
        Ok(Arc::new(SimFile { store: Arc::clone(&self.store), number, epoch: store.epoch }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut store = self.store.lock();
        store.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        store.change(DirectoryChange::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut store = self.store.lock();
        store.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        store.change(DirectoryChange::Remove(name.to_owned()));
        Ok(())
    }

    fn sync_directory(&self) -> io::Result<()> {
        let mut store = self.store.lock();
        store.check_sync()?;
        store.durable_names = store.names.clone();
        store.unsynced_changes.clear();
        Ok(())
    }

    fn pace(&self) -> Pace {
        let latency_max = self.store.lock().faults.latency_max;
        let latency = Duration::from_micros(random_below(latency_max.as_micros() as u64 + 1));
        Pace::Inline { latency }
    }
}

impl Store {
    fn change(&mut self, change: DirectoryChange) {
        change.clone().apply_to(&mut self.names);
        self.unsynced_changes.push(change);
    }

    fn check_sync(&self) -> io::Result<()> {
        if self.faults.fail_syncs { Err(io::Error::other("simulated sync failure")) } else { Ok(()) }
    }

    fn check_room(&self, more: u64) -> io::Result<()> {
        let used: u64 = self.names.values().filter_map(|number| self.contents.get(number)).map(Contents::length).sum();
        match self.faults.capacity_bytes {
            Some(capacity) if used + more > capacity => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

impl DirectoryChange {
    pub(super) fn apply_to(self, names: &mut BTreeMap<String, FileNumber>) {
        match self {
            Self::Link(name, number) => {
                names.insert(name, number);
            }
            Self::Rename(from, to) => {
                if let Some(number) = names.remove(&from) {
                    names.insert(to, number);
                }
            }
            Self::Remove(name) => {
                names.remove(&name);
            }
        }
    }
}

impl Contents {
    fn length(&self) -> u64 {
        self.current.len() as u64
    }
}

/// Writes into a vector that grows.
pub(super) fn overwrite(target: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let start = offset as usize;
    let end = start + bytes.len();
    if target.len() < end {
        target.resize(end, 0);
    }
    target[start..end].copy_from_slice(bytes);
}

struct SimFile {
    store: Arc<Mutex<Store>>,
    number: FileNumber,
    epoch: u64,
}

impl SimFile {
    fn with<T>(&self, work: impl FnOnce(&mut Store, FileNumber) -> io::Result<T>) -> io::Result<T> {
        let mut store = self.store.lock();
        if store.epoch != self.epoch || !store.contents.contains_key(&self.number) {
            return Err(io::Error::other("the machine has crashed since this file was opened"));
        }
        work(&mut store, self.number)
    }
}

fn contents(store: &mut Store, number: FileNumber) -> io::Result<&mut Contents> {
    store.contents.get_mut(&number).ok_or_else(|| io::ErrorKind::NotFound.into())
}

impl DiskFile for SimFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.with(|store, number| {
            let length = contents(store, number)?.length();
            store.check_room((offset + bytes.len() as u64).saturating_sub(length))?;
            let contents = contents(store, number)?;
            overwrite(&mut contents.current, offset, bytes);
            contents.unsynced.push((offset, bytes.to_vec()));
            Ok(())
        })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|store, number| {
            let current = &contents(store, number)?.current;
            let rest = current.get(offset as usize..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.with(|store, number| {
            store.check_sync()?;
            store.file_syncs += 1;
            let contents = contents(store, number)?;
            for (offset, bytes) in std::mem::take(&mut contents.unsynced) {
                overwrite(&mut contents.durable, offset, &bytes);
            }
            Ok(())
        })
    }

    fn length(&self) -> io::Result<u64> {
        self.with(|store, number| Ok(contents(store, number)?.length()))
    }
}
