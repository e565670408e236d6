//! Looking for events, a bounded number at a time: through the index of a state or a lane where there is one.

use flotilla_model::{EventId, EventRecord, State};

use super::SCANNED_ROWS_MAX;
use super::event_filter::EventFilter;

type Rows<'a> = Box<dyn Iterator<Item = &'a EventRecord> + 'a>;

/// Gives up to `limit` events behind `cursor`, in the order of their ids, to `found`. The answer is the cursor from which
/// to go on; `None` at the end. At most [`SCANNED_ROWS_MAX`] events are looked at.
pub(super) fn scan(
    state: &State,
    filter: &EventFilter,
    cursor: Option<u64>,
    limit: usize,
    mut found: impl FnMut(&EventRecord),
) -> Option<u64> {
    let from = EventId(cursor.unwrap_or(0).saturating_add(1));
    let mut rows = candidates(state, filter, from);
    let (mut last, mut count) = (None, 0);
    for row in rows.by_ref().take(SCANNED_ROWS_MAX) {
        last = Some(row.id.0);
        if filter.matches(state, row) {
            found(row);
            count += 1;
        }
        if count == limit {
            break;
        }
    }
    rows.next().and(last)
}

/// The events from `from` on among which all that are wanted are; as few as the indexes allow.
fn candidates<'a>(state: &'a State, filter: &EventFilter, from: EventId) -> Rows<'a> {
    let lane = match &filter.lane {
        None => None,
        Some(name) => match state.lane(name) {
            Some((id, _)) if state.lane_counts(id).all() > 0 => Some(id),
            _ => return Box::new(std::iter::empty()),
        },
    };
    let queue = state.queue_statistics();
    match (filter.state, lane) {
        (Some("dead"), _) => Box::new(state.dead_events(from)),
        (Some("outcome-unknown"), _) => Box::new(state.doubtful_events(from)),
        (Some("blocked"), _) if queue.blocked == 0 => Box::new(std::iter::empty()),
        (Some("leased"), _) if is_few(queue.leased) => in_order(state, from, state.leased_events()),
        (Some("waiting"), _) if is_few(queue.waiting) => in_order(state, from, state.waiting_events()),
        (Some("ready"), None) if queue.ready == 0 => Box::new(std::iter::empty()),
        (Some("ready"), Some(lane)) if is_few(state.lane_counts(lane).ready) => {
            in_order(state, from, state.ready_events_of(lane))
        }
        _ => Box::new(state.events.range(from..).map(|(_, row)| row)),
    }
}

/// Whether it costs less to gather and sort them than to look through a page of all.
fn is_few(count: u64) -> bool {
    count <= SCANNED_ROWS_MAX as u64
}

fn in_order<'a>(state: &'a State, from: EventId, ids: impl Iterator<Item = EventId>) -> Rows<'a> {
    let mut ids: Vec<EventId> = ids.filter(|id| *id >= from).collect();
    ids.sort_unstable();
    Box::new(ids.into_iter().filter_map(|id| state.events.get(&id)))
}
