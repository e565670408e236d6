//! Which snapshot is the current one, and how the next one takes its place.

use std::io;
use std::sync::Arc;

use flotilla_model::State;
use parking_lot::Mutex;

use super::{SnapshotError, SnapshotFile};
use crate::disk::{Disk, DiskFile, read_exact_at};
use crate::payloads::PayloadStore;
use crate::types::{SnapshotMeta, term_of};

const PREFIX: &str = "snapshot-";
const BUILDING_NAME: &str = "snapshot.building";
pub(super) const INCOMING_NAME: &str = "snapshot.incoming";
const COPY_BYTES: u64 = 1 << 20;

fn name_of(meta: &SnapshotMeta) -> String {
    let (index, term) = meta.last_log_id.map_or((0, 0), |id| (id.index, term_of(&id)));
    format!("{PREFIX}{index:016x}-{term:016x}")
}

/// The snapshots of a data directory; clones share it. All calls block.
#[derive(Clone)]
pub(crate) struct SnapshotStore {
    disk: Arc<dyn Disk>,
    current: Arc<Mutex<Option<(SnapshotMeta, SnapshotFile)>>>,
}

impl SnapshotStore {
    /// Finds the newest snapshot and reads it; removes what an interrupted build or transfer left behind.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        payloads: &PayloadStore,
    ) -> Result<(Self, Option<(SnapshotMeta, State)>), SnapshotError> {
        let io = |action, file: &str| {
            let file = file.to_owned();
            move |source| SnapshotError::Io { action, file, source }
        };
        let names = disk.list().map_err(io("find", "in the data directory"))?;
        for name in names.iter().filter(|name| [BUILDING_NAME, INCOMING_NAME].contains(&name.as_str())) {
            disk.remove(name).map_err(io("remove", name))?;
        }
        let store = Self { disk, current: Arc::new(Mutex::new(None)) };
        let Some(newest) = names.into_iter().filter(|name| name.starts_with(PREFIX)).max() else {
            return Ok((store, None));
        };
        let file = store.disk.open(&newest).map_err(io("open", &newest))?;
        let snapshot = SnapshotFile { name: newest, file };
        let (meta, state) = snapshot.read(payloads)?;
        *store.current.lock() = Some((meta.clone(), snapshot));
        Ok((store, Some((meta, state))))
    }

    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    pub(crate) fn current(&self) -> Option<(SnapshotMeta, SnapshotFile)> {
        self.current.lock().clone()
    }

    /// Writes a snapshot and makes it the current one, unless there is a newer one.
    pub(crate) fn build(&self, meta: &SnapshotMeta, state: &State) -> Result<SnapshotFile, SnapshotError> {
        let io = |source| SnapshotError::Io { action: "make", file: BUILDING_NAME.to_owned(), source };
        self.disk.create(BUILDING_NAME).map_err(io)?;
        let file = self.disk.open_direct(BUILDING_NAME).map_err(io)?;
        let building = SnapshotFile { name: BUILDING_NAME.to_owned(), file };
        building.write(meta, state)?;
        self.publish(meta, building)
    }

    /// Reads a snapshot that came from elsewhere and makes it the current one.
    pub(crate) fn install(
        &self,
        meta: &SnapshotMeta,
        snapshot: SnapshotFile,
        payloads: &PayloadStore,
    ) -> Result<State, SnapshotError> {
        let (_, state) = snapshot.read(payloads)?;
        if name_of(meta) == snapshot.name && self.is_own(&snapshot.name)? {
            *self.current.lock() = Some((meta.clone(), snapshot));
            return Ok(state);
        }
        let io = |source| SnapshotError::Io { action: "store", file: INCOMING_NAME.to_owned(), source };
        let incoming = if snapshot.name == INCOMING_NAME {
            snapshot
        } else {
            let file = self.disk.create(INCOMING_NAME).map_err(io)?;
            copy(snapshot.file.as_ref(), file.as_ref()).map_err(io)?;
            SnapshotFile { name: INCOMING_NAME.to_owned(), file }
        };
        incoming.file.sync().map_err(io)?;
        self.publish(meta, incoming)?;
        Ok(state)
    }

    fn is_own(&self, name: &str) -> Result<bool, SnapshotError> {
        let listed = self.disk.list();
        let names = listed.map_err(|source| SnapshotError::Io { action: "find", file: name.to_owned(), source })?;
        Ok(names.iter().any(|own| own == name))
    }

    /// Gives a durable file its final name and drops the one before.
    fn publish(&self, meta: &SnapshotMeta, snapshot: SnapshotFile) -> Result<SnapshotFile, SnapshotError> {
        let mut current = self.current.lock();
        let name = name_of(meta);
        let io = |source| SnapshotError::Io { action: "name", file: name.clone(), source };
        if let Some((newer, file)) = current.as_ref()
            && newer.last_log_id > meta.last_log_id
        {
            self.disk.remove(&snapshot.name).map_err(io)?;
            return Ok(file.clone());
        }
        self.disk.rename(&snapshot.name, &name).map_err(io)?;
        self.disk.sync_directory().map_err(io)?;
        let published = SnapshotFile { name: name.clone(), file: snapshot.file };
        let former = current.replace((meta.clone(), published.clone()));
        if let Some((_, former)) = former
            && former.name != name
        {
            self.disk.remove(&former.name).map_err(io)?;
        }
        Ok(published)
    }
}

fn copy(from: &dyn DiskFile, to: &dyn DiskFile) -> io::Result<()> {
    let length = from.length()?;
    let mut offset = 0;
    while offset < length {
        let bytes = read_exact_at(from, offset, (length - offset).min(COPY_BYTES) as usize)?;
        to.write_at(offset, &bytes)?;
        offset += bytes.len() as u64;
    }
    Ok(())
}
