//! Indexes of the event queue: which events are ready, which wait, which are leased. Derived from the events' rows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::event::{EventRecord, EventState};
use crate::ids::{EventId, NodeId};
use crate::state::State;

/// Indexes; each event's row is in exactly one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Queue {
    /// Ready events by the node that took the file.
    pub(crate) ready: imbl::OrdSet<(NodeId, EventId)>,
    /// Ready events by the time since when: the order in which others may take them.
    pub(crate) ready_since: imbl::OrdSet<(u64, EventId)>,
    /// Events that wait for a time.
    pub(crate) waiting: imbl::OrdSet<(u64, EventId)>,
    /// Leased events by node.
    pub(crate) leased: imbl::OrdSet<(NodeId, EventId)>,
    /// Leased events by the end of the lease.
    pub(crate) lease_ends: imbl::OrdSet<(u64, EventId)>,
    pub(crate) dead: imbl::OrdSet<EventId>,
    pub(crate) outcome_unknown: imbl::OrdSet<EventId>,
}

impl Queue {
    pub(crate) fn add(&mut self, event: &EventRecord) {
        match &event.state {
            EventState::Ready { since_ms } => {
                self.ready.insert((event.origin, event.id));
                self.ready_since.insert((*since_ms, event.id));
            }
            EventState::Waiting { not_before_ms } => {
                self.waiting.insert((*not_before_ms, event.id));
            }
            EventState::Leased(lease) => {
                self.leased.insert((lease.node, event.id));
                self.lease_ends.insert((lease.expires_ms, event.id));
            }
            EventState::Dead { .. } => {
                self.dead.insert(event.id);
            }
            EventState::OutcomeUnknown { .. } => {
                self.outcome_unknown.insert(event.id);
            }
        }
    }

    pub(crate) fn remove(&mut self, event: &EventRecord) {
        match &event.state {
            EventState::Ready { since_ms } => {
                self.ready.remove(&(event.origin, event.id));
                self.ready_since.remove(&(*since_ms, event.id));
            }
            EventState::Waiting { not_before_ms } => {
                self.waiting.remove(&(*not_before_ms, event.id));
            }
            EventState::Leased(lease) => {
                self.leased.remove(&(lease.node, event.id));
                self.lease_ends.remove(&(lease.expires_ms, event.id));
            }
            EventState::Dead { .. } => {
                self.dead.remove(&event.id);
            }
            EventState::OutcomeUnknown { .. } => {
                self.outcome_unknown.remove(&event.id);
            }
        }
    }
}

/// The queue in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueStatistics {
    pub ready: u64,
    pub waiting: u64,
    pub leased: u64,
    pub dead: u64,
    pub outcome_unknown: u64,
    /// Age of the oldest ready event by the log's time, in milliseconds.
    pub oldest_ready_age_ms: u64,
}

impl State {
    pub fn queue_statistics(&self) -> QueueStatistics {
        let oldest = self.queue.ready_since.get_min().map_or(0, |(since, _)| self.clock_ms().saturating_sub(*since));
        QueueStatistics {
            ready: self.queue.ready.len() as u64,
            waiting: self.queue.waiting.len() as u64,
            leased: self.queue.leased.len() as u64,
            dead: self.queue.dead.len() as u64,
            outcome_unknown: self.queue.outcome_unknown.len() as u64,
            oldest_ready_age_ms: oldest,
        }
    }

    /// How many ready events came in through `node` (it may claim them at once).
    pub fn ready_at(&self, node: NodeId) -> usize {
        self.queue.ready.range((node, EventId(0))..=(node, EventId(u64::MAX))).take(4096).count()
    }

    /// How many events are ready.
    pub fn ready_count(&self) -> usize {
        self.queue.ready.len()
    }

    /// Since when the oldest ready event has waited.
    pub fn oldest_ready_since_ms(&self) -> Option<u64> {
        self.queue.ready_since.get_min().map(|(since, _)| *since)
    }

    /// The next time at which a `Tick` would change something.
    pub fn next_deadline_ms(&self) -> Option<u64> {
        let waiting = self.queue.waiting.get_min().map(|(at, _)| *at);
        let lease = self.queue.lease_ends.get_min().map(|(at, _)| *at);
        [waiting, lease].into_iter().flatten().min()
    }

    /// Events leased to `node`, in order.
    pub fn leased_to(&self, node: NodeId) -> impl Iterator<Item = &EventRecord> {
        let range = (node, EventId(0))..=(node, EventId(u64::MAX));
        self.queue.leased.range(range).filter_map(|(_, id)| self.events.get(id))
    }

    /// Puts an event into another state, indexes included.
    pub(crate) fn set_event_state(&mut self, id: EventId, change: impl FnOnce(&mut EventRecord)) {
        let queue = &mut self.queue;
        self.events.update(&id, |event| {
            queue.remove(event);
            change(event);
            queue.add(event);
        });
    }

    /// Takes an event out, indexes included.
    pub(crate) fn take_event(&mut self, id: EventId) -> Option<Arc<EventRecord>> {
        let event = self.events.remove(&id)?;
        self.queue.remove(&event);
        Some(event)
    }
}
