//! Counts over the transfer log and the journal of events. Pure: nothing is kept for it, so it tells no more than these two hold, and
//! says from when on they hold all.

mod counts;

use std::collections::BTreeMap;

use flotilla_model::{AccountName, EventState, JournalEntry, State, Transfer, TransferId};

use crate::api::{EventCounts, Statistics, StatisticsView, TransferStatistics, from_ms};

/// How much time one row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Per {
    Hour,
    Day,
    Period,
}

impl Per {
    pub(crate) const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Period];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Period => "period",
        }
    }

    /// Begin of the row that an instant belongs to.
    fn begin_ms(self, at_ms: u64, since_ms: u64) -> u64 {
        match self {
            Self::Hour => at_ms - at_ms % 3_600_000,
            Self::Day => at_ms - at_ms % 86_400_000,
            Self::Period => since_ms,
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) since_ms: u64,
    pub(crate) until_ms: u64,
    pub(crate) per: Per,
}

/// Rows are in the order in which the log took them, times are those of the nodes that proposed them: clocks that differ by no more
/// than this put none out of reach.
const CLOCKS_DIFFER_MS: u64 = 600_000;
/// Rows of one answer: a few megabytes.
const ROWS_MAX: usize = 10_000;

/// There are more rows than an answer has place for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyRows {
    pub(crate) limit: usize,
}

type Counted<'a> = BTreeMap<(u64, &'a AccountName), (TransferStatistics, EventCounts)>;

/// Counts what accounts that are wanted did.
pub(crate) fn count(
    state: &State,
    wanted: &Wanted,
    is_wanted: impl Fn(&AccountName) -> bool,
) -> Result<Statistics, TooManyRows> {
    let mut counted = Counted::new();
    let is_within = |at_ms: u64| at_ms >= wanted.since_ms && at_ms < wanted.until_ms;
    let key = |at_ms: u64| wanted.per.begin_ms(at_ms, wanted.since_ms);
    let earliest_ms = wanted.since_ms.saturating_sub(CLOCKS_DIFFER_MS);
    let transfers = state.transfers.iter().rev().map(|(_, row)| row);
    let transfers = transfers.take_while(|row| row.stored_ms >= earliest_ms);
    for row in transfers.filter(|row| is_within(row.stored_ms) && is_wanted(&row.account)) {
        counted.entry((key(row.stored_ms), &row.account)).or_default().0.add(row);
        if counted.len() > ROWS_MAX {
            return Err(TooManyRows { limit: ROWS_MAX });
        }
    }
    for entry in state.journal.iter().filter(|entry| is_within(entry.published_ms) && is_wanted(&entry.account)) {
        let is_dead = state.events.get(&entry.id).is_some_and(|event| matches!(event.state, EventState::Dead { .. }));
        counted.entry((key(entry.published_ms), &entry.account)).or_default().1.add(entry, is_dead);
        if counted.len() > ROWS_MAX {
            return Err(TooManyRows { limit: ROWS_MAX });
        }
    }
    Ok(told(state, wanted, counted))
}

fn told(state: &State, wanted: &Wanted, counted: Counted<'_>) -> Statistics {
    let (mut transfers, mut events) = (TransferStatistics::default(), EventCounts::default());
    let items = counted.into_iter().map(|((begin_ms, account), of_row)| {
        transfers.join(&of_row.0);
        events.join(&of_row.1);
        StatisticsView {
            account: account.to_string(),
            begins_at: from_ms(begin_ms),
            transfers: of_row.0,
            events: of_row.1,
        }
    });
    let items = items.collect();
    Statistics {
        since: from_ms(wanted.since_ms),
        until: from_ms(wanted.until_ms),
        per: wanted.per.name().to_owned(),
        transfers_complete_since: first_transfer(state).map(|row| from_ms(row.stored_ms)),
        events_complete_since: first_event(state).map(|entry| from_ms(entry.published_ms)),
        items,
        transfers,
        events,
    }
}

/// The oldest that is kept, if older ones have gone.
fn first_transfer(state: &State) -> Option<&Transfer> {
    state.transfers.iter().next().filter(|(id, _)| **id > TransferId(1)).map(|(_, row)| row)
}

fn first_event(state: &State) -> Option<&JournalEntry> {
    state.journal.iter().next().filter(|_| state.journal_lost().0 > 0).map(|entry| &**entry)
}

#[cfg(test)]
mod tests;
