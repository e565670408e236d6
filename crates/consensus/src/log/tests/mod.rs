//! Tests of the log over a simulated disk and a real one.

mod crashes;
mod damage;
mod model;

use std::sync::Arc;

use bytes::Bytes;
use openraft::storage::{RaftLogStorage, RaftLogStorageExt};
use openraft::{RaftLogReader, StorageError};

use super::{LogError, LogSettings, LogStore};
use crate::disk::Disk;
use crate::types::{Entry, EntryPayload, LeaderId, LogId, Payload, TypeConfig, Vote, log_id};

/// Small segments, and a cache that holds next to nothing, so that every path is taken.
const SETTINGS: LogSettings = LogSettings { segment_bytes: 8 << 10, cache_bytes: 1 << 10 };

fn open(disk: &Arc<impl Disk>) -> Result<LogStore, LogError> {
    LogStore::open(Arc::clone(disk) as Arc<dyn Disk>, SETTINGS).map(|(log, _)| log)
}

fn entry(term: u64, index: u64) -> Entry {
    sized_entry(term, index, 10 + (index % 7) as usize * 30)
}

fn sized_entry(term: u64, index: u64, length: usize) -> Entry {
    let byte = (term * 31 + index) as u8 | 1;
    Entry { log_id: log_id(term, index), payload: EntryPayload::Normal(Payload(Bytes::from(vec![byte; length]))) }
}

fn vote(term: u64) -> Vote {
    Vote { leader_id: LeaderId { term, voted_for: 1 }, committed: true }
}

async fn append(log: &mut LogStore, entries: Vec<Entry>) -> Result<(), StorageError<TypeConfig>> {
    log.blocking_append(entries).await
}

async fn append_range(log: &mut LogStore, term: u64, range: std::ops::Range<u64>) {
    for index in range {
        append(log, vec![entry(term, index)]).await.unwrap();
    }
}

async fn entries(log: &LogStore) -> Vec<Entry> {
    log.reader().try_get_log_entries(..).await.unwrap()
}

async fn last(log: &mut LogStore) -> Option<LogId> {
    log.get_log_state().await.unwrap().last_log_id
}

type Flushed = openraft::type_config::alias::OneshotReceiverOf<TypeConfig, std::io::Result<()>>;
type Flush = openraft::type_config::alias::OneshotSenderOf<TypeConfig, std::io::Result<()>>;

fn oneshot() -> (Flush, Flushed) {
    use openraft::type_config::TypeConfigExt;
    TypeConfig::oneshot()
}
