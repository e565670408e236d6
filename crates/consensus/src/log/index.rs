//! What the log holds, in memory: where each entry lies on disk, and the recent entries themselves.
//!
//! The cache is bounded by bytes, so that replication of the recent past needs no disk. An entry leaves it only after it
//! was written; where it lies takes some forty bytes, and snapshots bound how many there are.

use std::collections::VecDeque;
use std::sync::Arc;

use openraft::entry::RaftEntry;

use crate::disk::DiskFile;
use crate::types::{Entry, EntryPayload, LogId, Vote, log_id, term_of};

/// Where a record lies.
#[derive(Clone)]
pub(super) struct Location {
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) offset: u64,
    pub(super) length: u32,
}

struct Slot {
    term: u64,
    location: Option<Location>,
    cached: Option<Entry>,
}

/// An entry as the index knows it: at hand, or to be read.
pub(super) enum Found {
    Cached(Entry),
    OnDisk(LogId, Location),
}

/// A gap: an entry was put behind one that is missing.
#[derive(Debug)]
pub(super) struct Gap {
    pub(super) expected: u64,
}

#[derive(Default)]
pub(super) struct Index {
    slots: VecDeque<Slot>,
    /// Index of the first slot; of the next entry when there is none.
    first: u64,
    cached_bytes: usize,
    cache_bytes_max: usize,
    /// Entries below are not cached.
    cached_from: u64,
    pub(super) vote: Option<Vote>,
    pub(super) committed: Option<LogId>,
    pub(super) purged: Option<LogId>,
}

impl Index {
    pub(super) fn new(cache_bytes_max: usize) -> Self {
        Self { cache_bytes_max, ..Self::default() }
    }

    /// Index of the first entry that is held; of the next one when none is.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// Index after the last entry.
    pub(super) fn end(&self) -> u64 {
        self.first + self.slots.len() as u64
    }

    pub(super) fn last_log_id(&self) -> Option<LogId> {
        match self.slots.back() {
            Some(slot) => Some(log_id(slot.term, self.end() - 1)),
            None => self.purged,
        }
    }

    /// For recovery: the entries before `next` are elsewhere.
    pub(super) fn begin_at(&mut self, next: u64) {
        self.first = next;
        self.cached_from = next;
    }

    fn push(&mut self, id: LogId, slot: Slot) -> Result<(), Gap> {
        if self.slots.is_empty() && self.purged.is_none() {
            self.begin_at(id.index);
        }
        if id.index != self.end() {
            return Err(Gap { expected: self.end() });
        }
        self.slots.push_back(slot);
        Ok(())
    }

    /// Adds an entry that lies on disk.
    pub(super) fn push_stored(&mut self, id: LogId, location: Location) -> Result<(), Gap> {
        self.push(id, Slot { term: term_of(&id), location: Some(location), cached: None })?;
        self.cached_from = self.end();
        Ok(())
    }

    /// Adds an entry that is about to be written.
    pub(super) fn push_new(&mut self, entry: Entry) -> Result<(), Gap> {
        self.cached_bytes += cost(&entry);
        let id = entry.log_id();
        self.push(id, Slot { term: term_of(&id), location: None, cached: Some(entry) })
    }

    /// The entry was written; unless it was truncated meanwhile. Equal ids have equal contents, so one that took its place
    /// under the same id lies there as well.
    pub(super) fn set_location(&mut self, id: LogId, location: Location) {
        if let Some(slot) = self.slot_mut(id.index)
            && slot.term == term_of(&id)
        {
            slot.location = Some(location);
        }
        self.evict();
    }

    fn slot_mut(&mut self, index: u64) -> Option<&mut Slot> {
        let position = index.checked_sub(self.first)?;
        self.slots.get_mut(position as usize)
    }

    fn evict(&mut self) {
        while self.cached_bytes > self.cache_bytes_max && self.cached_from < self.end() {
            let index = self.cached_from;
            let Some(slot) = self.slot_mut(index) else { break };
            if slot.location.is_none() {
                break;
            }
            let freed = slot.cached.take().map_or(0, |entry| cost(&entry));
            self.cached_bytes -= freed;
            self.cached_from += 1;
        }
    }

    /// Drops the entries behind `last`.
    pub(super) fn truncate_after(&mut self, last: Option<LogId>) {
        let next = |id: Option<LogId>| id.map_or(0, |id| id.index + 1);
        let end = next(last).max(next(self.purged));
        while self.end() > end
            && let Some(slot) = self.slots.pop_back()
        {
            self.cached_bytes -= slot.cached.map_or(0, |entry| cost(&entry));
        }
        if self.slots.is_empty() {
            // During recovery the cut may lie in a segment that is gone, since all in it was purged later.
            self.first = end;
        }
        self.cached_from = self.cached_from.min(self.end());
    }

    /// Drops the entries up to and with `upto`, which may lie behind the last one.
    pub(super) fn purge(&mut self, upto: LogId) {
        while self.first <= upto.index
            && let Some(slot) = self.slots.pop_front()
        {
            self.cached_bytes -= slot.cached.map_or(0, |entry| cost(&entry));
            self.first += 1;
        }
        if self.slots.is_empty() {
            self.first = self.first.max(upto.index + 1);
        }
        self.cached_from = self.cached_from.max(self.first);
        self.purged = self.purged.max(Some(upto));
    }

    /// The entries in `start..end` that are held, in order, at most about `bytes_max` of them but at least one.
    pub(super) fn find(&self, start: u64, end: u64, bytes_max: usize) -> Vec<Found> {
        let start = start.max(self.first);
        let end = end.min(self.end());
        let mut found = Vec::new();
        let mut bytes = 0;
        for index in start..end {
            let Some(slot) = self.slots.get((index - self.first) as usize) else { break };
            let item = match (&slot.cached, &slot.location) {
                (Some(entry), _) => {
                    bytes += cost(entry);
                    Found::Cached(entry.clone())
                }
                (None, Some(location)) => {
                    bytes += location.length as usize;
                    Found::OnDisk(log_id(slot.term, index), location.clone())
                }
                (None, None) => break,
            };
            if bytes > bytes_max && !found.is_empty() {
                break;
            }
            found.push(item);
        }
        found
    }
}

/// What a cached entry is counted with.
fn cost(entry: &Entry) -> usize {
    const OVERHEAD_BYTES: usize = 128;
    match &entry.payload {
        EntryPayload::Normal(batch) => batch.0.len() + OVERHEAD_BYTES,
        _ => OVERHEAD_BYTES,
    }
}
