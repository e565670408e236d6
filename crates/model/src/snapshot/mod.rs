//! The state as bytes: a version, then the header and each table, row by row, each with its length.

mod version_1;
mod version_3;

use std::collections::BTreeMap;
use std::hash::Hash;
use std::io::{self, Read, Write};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::event::{EventRecord, EventState, Subject};
use crate::ids::NodeId;
use crate::journal::JournalEntry;
use crate::party::Route;
use crate::payload::Payload;
use crate::state::{Header, State};
use crate::table::Table;
use crate::transfer::Transfer;

/// Raised when the form changes; older forms stay readable.
const VERSION: u32 = 7;
const MAGIC: &[u8; 8] = b"FLOTSNAP";
/// No row comes near this; a longer one is a damaged snapshot.
const MAX_ROW_BYTES: u32 = 64 << 20;

/// Why a snapshot could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("read or write of the snapshot failed")]
    Io(#[from] io::Error),
    #[error("this is no snapshot of a Flotilla state")]
    NoSnapshot,
    #[error("the snapshot has version {0}, this program knows up to {VERSION}")]
    Version(u32),
    #[error("a row of {0} bytes is longer than any row can be: the snapshot is damaged")]
    RowTooLong(u32),
    #[error("a row could not be read: the snapshot is damaged")]
    Row(#[source] postcard::Error),
    #[error("the digest is {actual:016x}, the snapshot says {expected:016x}: it is damaged")]
    Digest { expected: u64, actual: u64 },
}

fn write_row(writer: &mut dyn Write, buffer: &mut Vec<u8>, row: &impl Serialize) -> Result<(), SnapshotError> {
    buffer.clear();
    let bytes = postcard::to_extend(row, std::mem::take(buffer)).map_err(SnapshotError::Row)?;
    writer.write_all(&(bytes.len() as u32).to_le_bytes())?;
    writer.write_all(&bytes)?;
    *buffer = bytes;
    Ok(())
}

fn read_u32(reader: &mut dyn Read) -> Result<u32, SnapshotError> {
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn read_u64(reader: &mut dyn Read) -> Result<u64, SnapshotError> {
    let mut bytes = [0; 8];
    reader.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn read_row<T: DeserializeOwned>(reader: &mut dyn Read, buffer: &mut Vec<u8>) -> Result<T, SnapshotError> {
    let length = read_u32(reader)?;
    if length > MAX_ROW_BYTES {
        return Err(SnapshotError::RowTooLong(length));
    }
    buffer.clear();
    // Grows with what is really there, so that a damaged length cannot ask for memory.
    if reader.take(u64::from(length)).read_to_end(buffer)? < length as usize {
        return Err(SnapshotError::Io(io::ErrorKind::UnexpectedEof.into()));
    }
    postcard::from_bytes(buffer).map_err(SnapshotError::Row)
}

fn write_table<K, V>(writer: &mut dyn Write, buffer: &mut Vec<u8>, table: &Table<K, V>) -> Result<(), SnapshotError>
where
    K: Ord + Clone + Serialize,
    V: Serialize,
{
    writer.write_all(&(table.len() as u64).to_le_bytes())?;
    table.iter().try_for_each(|row| write_row(writer, buffer, &row))
}

fn read_table<K, V>(reader: &mut dyn Read, buffer: &mut Vec<u8>) -> Result<Table<K, V>, SnapshotError>
where
    K: Ord + Clone + Hash + for<'de> Deserialize<'de>,
    V: Clone + Hash + for<'de> Deserialize<'de>,
{
    read_table_changed(reader, buffer, |_| ())
}

/// With a change to each row that makes no difference to what it is.
fn read_table_changed<K, V>(
    reader: &mut dyn Read,
    buffer: &mut Vec<u8>,
    mut change: impl FnMut(&mut V),
) -> Result<Table<K, V>, SnapshotError>
where
    K: Ord + Clone + Hash + for<'de> Deserialize<'de>,
    V: Clone + Hash + for<'de> Deserialize<'de>,
{
    let mut table = Table::default();
    for _ in 0..read_u64(reader)? {
        let (key, mut row) = read_row(reader, buffer)?;
        change(&mut row);
        table.insert(key, row);
    }
    Ok(table)
}

/// Moves the data of an event out of memory.
pub type StorePayload<'a> = dyn FnMut(&mut Payload) + 'a;

impl State {
    /// Writes the whole state. Works on a clone while the original goes on.
    pub fn encode_snapshot(&self, writer: &mut dyn Write) -> Result<(), SnapshotError> {
        let mut buffer = Vec::new();
        writer.write_all(MAGIC)?;
        writer.write_all(&VERSION.to_le_bytes())?;
        write_row(writer, &mut buffer, &self.header)?;
        write_table(writer, &mut buffer, &self.members)?;
        write_table(writer, &mut buffer, &self.authorities)?;
        write_table(writer, &mut buffer, &self.join_tokens)?;
        write_table(writer, &mut buffer, &self.parameters)?;
        write_table(writer, &mut buffer, &self.accounts)?;
        write_table(writer, &mut buffer, &self.administrators)?;
        write_table(writer, &mut buffer, &self.routes)?;
        write_table(writer, &mut buffer, &self.files)?;
        write_table(writer, &mut buffer, &self.blobs)?;
        write_table(writer, &mut buffer, &self.events)?;
        write_table(writer, &mut buffer, &self.transfers)?;
        write_table(writer, &mut buffer, &self.lanes)?;
        write_table(writer, &mut buffer, &self.kind_routes)?;
        write_table(writer, &mut buffer, &self.idempotency_keys)?;
        writer.write_all(&(self.journal.len() as u64).to_le_bytes())?;
        self.journal.iter().try_for_each(|entry| write_row(writer, &mut buffer, &**entry))?;
        write_table(writer, &mut buffer, &self.audit)?;
        write_table(writer, &mut buffer, &self.parameter_history)?;
        write_table(writer, &mut buffer, &self.certificates)?;
        write_table(writer, &mut buffer, &self.revocations)?;
        write_table(writer, &mut buffer, &self.stopped_tms)?;
        write_table(writer, &mut buffer, &self.secret_rotations)?;
        write_table(writer, &mut buffer, &self.leaving)?;
        write_table(writer, &mut buffer, &self.api_tokens)?;
        write_table(writer, &mut buffer, &self.login_sessions)?;
        write_table(writer, &mut buffer, &self.login_failures)?;
        write_table(writer, &mut buffer, &self.second_factors)?;
        write_table(writer, &mut buffer, &self.requests)?;
        write_table(writer, &mut buffer, &self.administrator_certificates)?;
        write_table(writer, &mut buffer, &self.delegations)?;
        write_table(writer, &mut buffer, &self.uploads)?;
        write_table(writer, &mut buffer, &self.partner_sessions)?;
        writer.write_all(&self.digest().to_le_bytes())?;
        Ok(())
    }

    /// Reads what [`State::encode_snapshot`] wrote, and checks its digest.
    pub fn decode_snapshot(reader: &mut dyn Read) -> Result<Self, SnapshotError> {
        Self::decode_snapshot_storing(reader, &mut |_| ())
    }

    /// The same; `store` gets the data of those events that are beyond what shall be in memory (`EventQueue.memoryBytes`).
    pub fn decode_snapshot_storing(reader: &mut dyn Read, store: &mut StorePayload<'_>) -> Result<Self, SnapshotError> {
        let mut buffer = Vec::new();
        let mut magic = [0; 8];
        reader.read_exact(&mut magic)?;
        if &magic != MAGIC {
            return Err(SnapshotError::NoSnapshot);
        }
        let mut state = match read_u32(reader)? {
            // Their digests counted rows of another form, so they cannot be compared; the file has a checksum of its own.
            1 => version_1::read(reader, &mut buffer)?,
            2 => {
                let state = Self::read_version_2(reader, &mut buffer, store)?;
                read_u64(reader)?;
                state
            }
            3 => version_3::read(reader, &mut buffer, store)?,
            4 => {
                let state = Self::read_version_4(reader, &mut buffer, store)?;
                read_u64(reader)?;
                state
            }
            5 => {
                let mut state = Self::read_version_4(reader, &mut buffer, store)?;
                state.requests = read_table(reader, &mut buffer)?;
                read_u64(reader)?;
                state
            }
            6 => {
                let state = Self::read_version_6(reader, &mut buffer, store)?;
                read_u64(reader)?;
                state
            }
            VERSION => Self::read_current(reader, &mut buffer, store)?,
            other => return Err(SnapshotError::Version(other)),
        };
        state.rebuild_indexes();
        Ok(state)
    }

    /// Like version 6, with further tables.
    fn read_current(
        reader: &mut dyn Read,
        buffer: &mut Vec<u8>,
        store: &mut StorePayload<'_>,
    ) -> Result<Self, SnapshotError> {
        let mut state = Self::read_version_6(reader, buffer, store)?;
        state.uploads = read_table(reader, buffer)?;
        state.partner_sessions = read_table(reader, buffer)?;
        let (expected, actual) = (read_u64(reader)?, state.digest());
        if expected != actual {
            return Err(SnapshotError::Digest { expected, actual });
        }
        Ok(state)
    }

    /// Like version 4, with further tables.
    fn read_version_6(
        reader: &mut dyn Read,
        buffer: &mut Vec<u8>,
        store: &mut StorePayload<'_>,
    ) -> Result<Self, SnapshotError> {
        let mut state = Self::read_version_4(reader, buffer, store)?;
        state.requests = read_table(reader, buffer)?;
        state.administrator_certificates = read_table(reader, buffer)?;
        state.delegations = read_table(reader, buffer)?;
        Ok(state)
    }

    /// Like version 3, with another form of the audit log's rows and further tables.
    fn read_version_4(
        reader: &mut dyn Read,
        buffer: &mut Vec<u8>,
        store: &mut StorePayload<'_>,
    ) -> Result<Self, SnapshotError> {
        let mut state = Self::read_version_2(reader, buffer, store)?;
        state.audit = read_table(reader, buffer)?;
        state.read_tables_since_3(reader, buffer)?;
        state.api_tokens = read_table(reader, buffer)?;
        state.login_sessions = read_table(reader, buffer)?;
        state.login_failures = read_table(reader, buffer)?;
        state.second_factors = read_table(reader, buffer)?;
        Ok(state)
    }

    fn read_tables_since_3(&mut self, reader: &mut dyn Read, buffer: &mut Vec<u8>) -> Result<(), SnapshotError> {
        self.parameter_history = read_table(reader, buffer)?;
        self.certificates = read_table(reader, buffer)?;
        self.revocations = read_table(reader, buffer)?;
        self.stopped_tms = read_table(reader, buffer)?;
        self.secret_rotations = read_table(reader, buffer)?;
        self.leaving = read_table(reader, buffer)?;
        Ok(())
    }

    fn read_version_2(
        reader: &mut dyn Read,
        buffer: &mut Vec<u8>,
        store: &mut StorePayload<'_>,
    ) -> Result<Self, SnapshotError> {
        let header: Header = read_row(reader, buffer)?;
        let mut state = Self {
            header,
            members: read_table(reader, buffer)?,
            authorities: read_table(reader, buffer)?,
            join_tokens: read_table(reader, buffer)?,
            parameters: read_table(reader, buffer)?,
            accounts: read_table(reader, buffer)?,
            administrators: read_table(reader, buffer)?,
            routes: read_table(reader, buffer)?,
            files: read_table(reader, buffer)?,
            blobs: read_table(reader, buffer)?,
            ..Self::default()
        };
        state.read_events(reader, buffer, store)?;
        state.transfers = read_table(reader, buffer)?;
        state.lanes = read_table(reader, buffer)?;
        state.kind_routes = read_table(reader, buffer)?;
        state.idempotency_keys = read_table(reader, buffer)?;
        for _ in 0..read_u64(reader)? {
            let mut entry: JournalEntry = read_row(reader, buffer)?;
            // One copy for both, as when it was published.
            if let Some(data) = state.events.get(&entry.id).and_then(|event| event.data()) {
                entry.data.share(data);
            }
            state.journal.push(entry);
        }
        Ok(state)
    }

    /// The data of the older ones, whose turn comes first, stays in memory.
    fn read_events(
        &mut self,
        reader: &mut dyn Read,
        buffer: &mut Vec<u8>,
        store: &mut StorePayload<'_>,
    ) -> Result<(), SnapshotError> {
        let (mut bytes, bytes_max) = (0, self.queue_memory_bytes());
        self.events = read_table_changed(reader, buffer, |event: &mut EventRecord| {
            if let Subject::Data(data) = &mut event.subject {
                bytes += data.len() as u64;
                if bytes > bytes_max {
                    store(data);
                }
            }
        })?;
        Ok(())
    }

    /// Makes the derived parts anew from the tables.
    pub(crate) fn rebuild_indexes(&mut self) {
        self.queue = Default::default();
        self.usage = Default::default();
        for ((account, _), file) in self.files.iter() {
            let usage = self.usage.entry(account.clone()).or_default();
            usage.bytes += file.length;
            usage.files += 1;
        }
        self.partial_bytes = Default::default();
        self.upload_expiries = Default::default();
        for ((account, id), upload) in self.uploads.iter() {
            self.upload_expiries.insert((upload.expires_ms, account.clone(), *id));
            if !upload.parts.is_empty() {
                *self.partial_bytes.entry(account.clone()).or_default() += upload.parts_bytes();
            }
        }
        self.transfer_of_blob = self.transfers.iter().map(|(id, transfer)| (transfer.blob, *id)).collect();
        let unended = |(id, row): (&_, &Transfer)| row.ended_ms.is_none().then_some(*id);
        self.unended_transfers = self.transfers.iter().filter_map(unended).collect();
        self.lane_ids = self.lanes.iter().map(|(id, lane)| (lane.name.clone(), *id)).collect();
        self.keys_by_age = self.idempotency_keys.iter().map(|(key, row)| (row.event, key.clone())).collect();
        self.share_texts();
        for (id, lane) in self.lanes.iter() {
            self.queue.open_lane(*id, lane);
        }
        self.lease_check_ms = u64::MAX;
        for event in self.events.values() {
            self.queue.add(event);
            if let EventState::Leased(lease) = &event.state {
                self.lease_check_ms = self.lease_check_ms.min(lease.expires_ms);
            }
        }
    }

    /// What events have in common is shared by them again: a snapshot holds it once for each event.
    fn share_texts(&mut self) {
        let mut routes: BTreeMap<u64, Arc<Route>> = BTreeMap::new();
        for route in self.routes.values().chain(self.kind_routes.values()) {
            routes.insert(route.version, Arc::clone(route));
        }
        let mut kinds = BTreeMap::new();
        let accounts = &self.accounts;
        self.events.share(|event| {
            // A route of version 0 was given to a few events only.
            if event.route.version != 0 {
                let shared = routes.entry(event.route.version).or_insert_with(|| Arc::clone(&event.route));
                event.route = Arc::clone(shared);
            }
            event.kind = kinds.entry(event.kind.clone()).or_insert_with(|| event.kind.clone()).clone();
            if let Some(account) = accounts.get(&event.account) {
                event.account = account.name.clone();
            }
        });
    }

    /// Whether `node` is a member.
    pub fn is_member(&self, node: NodeId) -> bool {
        self.members.contains(&node)
    }
}
