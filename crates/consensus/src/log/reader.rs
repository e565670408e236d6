//! Reads entries: from memory when they are recent, else from their segment.

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use futures::stream::{self, Stream};
use openraft::{OptionalSend, RaftLogReader};

use super::index::{Found, Location};
use super::record::Record;
use super::shared::Shared;
use crate::disk::read_exact_at;
use crate::entry_codec;
use crate::types::{Entry, LogId, TypeConfig, Vote};

/// Entries that go into one message or one step of applying.
const CHUNK_BYTES: usize = 1 << 20;

/// A reader of the log; it also knows the vote.
#[derive(Clone)]
pub(crate) struct LogReader {
    shared: Arc<Shared>,
}

impl LogReader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    fn read(&self, start: u64, end: u64, bytes_max: usize) -> io::Result<Vec<Entry>> {
        let found = self.shared.index().find(start, end, bytes_max);
        let entry = |found| match found {
            Found::Cached(entry) => Ok(entry),
            Found::OnDisk(id, location) => read_entry(id, &location),
        };
        found.into_iter().map(entry).collect()
    }
}

fn read_entry(expected: LogId, location: &Location) -> io::Result<Entry> {
    let damaged = || {
        let message = format!("log entry {expected} at offset {} of its segment is damaged", location.offset);
        io::Error::new(io::ErrorKind::InvalidData, message)
    };
    let bytes = read_exact_at(location.file.as_ref(), location.offset, location.length as usize)?;
    match Record::decode(&bytes.into()) {
        Ok((Record::Entry { id, kind, payload }, _)) if id == expected => {
            let payload = entry_codec::decode(kind, payload).map_err(io::Error::other)?;
            Ok(Entry { log_id: id, payload })
        }
        _ => Err(damaged()),
    }
}

fn limits(range: &impl RangeBounds<u64>) -> (u64, u64) {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(start) => start.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(end) => end.saturating_add(1),
        Bound::Excluded(end) => *end,
        Bound::Unbounded => u64::MAX,
    };
    (start, end)
}

impl RaftLogReader<TypeConfig> for LogReader {
    async fn try_get_log_entries<RB>(&mut self, range: RB) -> Result<Vec<Entry>, io::Error>
    where
        RB: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let (start, end) = limits(&range);
        self.read(start, end, usize::MAX)
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, io::Error> {
        Ok(self.shared.index().vote)
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> Result<Vec<Entry>, io::Error> {
        self.read(start, end, CHUNK_BYTES)
    }

    async fn entries_stream<RB>(&mut self, range: RB) -> impl Stream<Item = io::Result<Entry>> + OptionalSend
    where
        RB: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let (start, end) = limits(&range);
        let reader = self.clone();
        stream::unfold(Some((start, Vec::new().into_iter())), move |state| {
            let step = reader.next_of_stream(state, end);
            async move { step }
        })
    }
}

type StreamState = Option<(u64, std::vec::IntoIter<Entry>)>;

impl LogReader {
    /// One step of a stream: an entry at hand, or the first of the next chunk. A failure ends the stream.
    fn next_of_stream(&self, state: StreamState, end: u64) -> Option<(io::Result<Entry>, StreamState)> {
        let (next, mut at_hand) = state?;
        if let Some(entry) = at_hand.next() {
            return Some((Ok(entry), Some((next, at_hand))));
        }
        let chunk = match self.read(next, end, CHUNK_BYTES) {
            Ok(chunk) => chunk,
            Err(error) => return Some((Err(error), None)),
        };
        let next = chunk.last()?.log_id.index + 1;
        let mut at_hand = chunk.into_iter();
        Some((Ok(at_hand.next()?), Some((next, at_hand))))
    }
}
