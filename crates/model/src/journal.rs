//! The journal: applications' events in the order in which they were published, kept for a while after they have ended, so
//! that consumers can follow them from a position.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::EventId;
use crate::names::{AccountName, KindName};
use crate::payload::Payload;
use crate::table::row_digest;

/// How an event ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventEnd {
    Completed,
    Discarded,
    Expired,
    Cancelled,
}

/// One published event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JournalEntry {
    pub id: EventId,
    pub kind: KindName,
    pub account: AccountName,
    pub data: Payload,
    pub published_ms: u64,
    /// How and when it ended; `None` while it is in the queue.
    pub ended: Option<(EventEnd, u64)>,
}

impl JournalEntry {
    /// Bytes counted against the journal's bound.
    fn cost(&self) -> u64 {
        (self.data.len() + self.kind.as_str().len() + 128) as u64
    }
}

/// Entries in ascending order of their ids. A clone is a consistent view and costs nothing.
#[derive(Clone, Default)]
pub struct Journal {
    entries: imbl::Vector<Arc<JournalEntry>>,
    digest: u64,
    bytes: u64,
}

impl Journal {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What the entries take up.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<JournalEntry>> {
        self.entries.iter()
    }

    /// The entry of an event, while it is kept.
    pub fn get(&self, id: EventId) -> Option<&JournalEntry> {
        self.position(id).ok().and_then(|at| self.entries.get(at)).map(|entry| &**entry)
    }

    /// The entries behind `after`, oldest first.
    pub fn after(&self, after: EventId) -> impl Iterator<Item = &Arc<JournalEntry>> {
        let start = match self.position(after) {
            Ok(at) => at + 1,
            Err(at) => at,
        };
        self.entries.focus().narrow(start..self.entries.len()).into_iter()
    }

    /// The newest event, while it is kept.
    pub fn newest(&self) -> Option<EventId> {
        self.entries.back().map(|entry| entry.id)
    }

    /// Where the entry of an event is, or would be. Ids are given out one after the other, so that an entry is at most as far
    /// from either end as its id is from the one there: where all events are published ones, that leaves one place.
    fn position(&self, id: EventId) -> Result<usize, usize> {
        let (Some(first), Some(last)) = (self.entries.front(), self.entries.back()) else { return Err(0) };
        let Some(from_first) = id.0.checked_sub(first.id.0) else { return Err(0) };
        let end = self.entries.len();
        let Some(from_last) = last.id.0.checked_sub(id.0) else { return Err(end) };
        let within = |distance: u64| usize::try_from(distance).unwrap_or(end).min(end - 1);
        let (mut low, mut high) = (end - 1 - within(from_last), within(from_first) + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.entries.get(middle).map(|entry| entry.id.cmp(&id)) {
                Some(Ordering::Equal) => return Ok(middle),
                Some(Ordering::Less) => low = middle + 1,
                Some(Ordering::Greater) | None => high = middle,
            }
        }
        Err(low)
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    /// What [`Journal::digest`] must be.
    pub(crate) fn recomputed_digest(&self) -> u64 {
        self.entries.iter().fold(0, |sum, entry| sum.wrapping_add(row_digest(&entry.id, &**entry)))
    }

    pub(crate) fn push(&mut self, entry: JournalEntry) {
        self.digest = self.digest.wrapping_add(row_digest(&entry.id, &entry));
        self.bytes += entry.cost();
        self.entries.push_back(Arc::new(entry));
    }

    /// The event has ended; nothing is noted when its entry is gone already.
    pub(crate) fn note_end(&mut self, id: EventId, end: EventEnd, ended_ms: u64) {
        let Ok(at) = self.position(id) else { return };
        let Some(entry) = self.entries.get_mut(at) else { return };
        self.digest = self.digest.wrapping_sub(row_digest(&id, &**entry));
        Arc::make_mut(entry).ended = Some((end, ended_ms));
        self.digest = self.digest.wrapping_add(row_digest(&id, &**entry));
    }

    /// Drops the oldest entries beyond the bounds, at most `at_once` of them; gives the last one that went.
    pub(crate) fn trim(&mut self, entries_max: usize, bytes_max: u64, at_once: usize) -> Option<EventId> {
        let mut last = None;
        for _ in 0..at_once {
            if self.entries.len() <= entries_max && self.bytes <= bytes_max {
                break;
            }
            let Some(entry) = self.entries.pop_front() else { break };
            self.digest = self.digest.wrapping_sub(row_digest(&entry.id, &*entry));
            self.bytes -= entry.cost();
            last = Some(entry.id);
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_found_wherever_others_left_gaps() {
        let entry = |id| JournalEntry {
            id: EventId(id),
            kind: KindName::parse("order").unwrap(),
            account: AccountName::parse("alice").unwrap(),
            data: Payload::new(b"{}"),
            published_ms: 0,
            ended: None,
        };
        for ids in [&[][..], &[7], &[7, 8, 9, 10], &[7, 9, 10, 30, 31, 90], &[7, 100, 101, 102]] {
            let mut journal = Journal::default();
            ids.iter().for_each(|id| journal.push(entry(*id)));
            for id in 0..110 {
                assert_eq!(journal.position(EventId(id)), ids.binary_search(&id), "{id} in {ids:?}");
            }
            assert_eq!(journal.newest(), ids.last().copied().map(EventId));
        }
    }
}
