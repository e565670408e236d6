//! Indexes of the event queue: which events are ready, which wait, which are leased. Derived from the events' rows.

mod listing;
mod room;
mod statistics;
mod turns;

use std::sync::Arc;

use crate::event::{EventRecord, EventState};
use crate::ids::{EventId, LaneId, NodeId};
use crate::lane::{Lane, LaneCounts};
use crate::names::{AccountName, EventKey};
use crate::state::State;

pub use room::{QueueBounds, Room};
pub use statistics::QueueStatistics;

/// A lane as the indexes need it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LaneIndex {
    pub(crate) counts: LaneCounts,
    pass: u64,
    is_paused: bool,
}

/// The key of a ready event: by lane and node, the more urgent and then the older first.
type ReadyKey = (LaneId, NodeId, u8, EventId);

/// Indexes; each event's row is in exactly one of `ready`, `waiting`, `leased`, `blocked`, `dead`, `outcome_unknown`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Queue {
    /// Ready events.
    ready: imbl::OrdSet<ReadyKey>,
    /// How many of them a lane has at a node; no entry for none.
    ready_counts: imbl::OrdMap<(LaneId, NodeId), u64>,
    /// How many of them came in through a node, those of paused lanes not counted; no entry for none.
    ready_at: imbl::OrdMap<NodeId, u64>,
    ready_total: u64,
    /// Lanes that have something ready at a node and are not paused, in the order of their turns.
    turns: imbl::OrdSet<(NodeId, u64, LaneId)>,
    /// Events that wait for a time.
    pub(crate) waiting: imbl::OrdSet<(u64, EventId)>,
    /// Leased events by node.
    pub(crate) leased: imbl::OrdSet<(NodeId, EventId)>,
    /// Events that end by themselves if no worker takes them, by time.
    pub(crate) expiries: imbl::OrdSet<(u64, EventId)>,
    blocked: u64,
    pub(crate) dead: imbl::OrdSet<EventId>,
    pub(crate) outcome_unknown: imbl::OrdSet<EventId>,
    /// Events with an ordering key, in their order.
    pub(crate) ordered: imbl::OrdSet<(AccountName, EventKey, EventId)>,
    pub(crate) lanes: imbl::OrdMap<LaneId, LaneIndex>,
    /// Data of all events.
    pub(crate) bytes: u64,
}

impl Queue {
    /// A lane is made, or read from a snapshot; before its events.
    pub(crate) fn open_lane(&mut self, id: LaneId, lane: &Lane) {
        let index = LaneIndex { counts: LaneCounts::default(), pass: lane.pass, is_paused: lane.is_paused };
        self.lanes.insert(id, index);
    }

    pub(crate) fn add(&mut self, event: &EventRecord) {
        self.bytes += event.counted_bytes();
        if let Some(key) = event.ordering_key() {
            self.ordered.insert((event.account.clone(), key.clone(), event.id));
        }
        self.place(event);
    }

    pub(crate) fn remove(&mut self, event: &EventRecord) {
        self.bytes -= event.counted_bytes();
        if let Some(key) = event.ordering_key() {
            self.ordered.remove(&(event.account.clone(), key.clone(), event.id));
        }
        self.displace(event);
    }

    /// Puts an event into the index of its state.
    fn place(&mut self, event: &EventRecord) {
        if let Some(expires_ms) = expiry(event) {
            self.expiries.insert((expires_ms, event.id));
        }
        let lane = self.lanes.entry(event.lane).or_default();
        let counts = &mut lane.counts;
        match &event.state {
            EventState::Ready { .. } => {
                counts.ready += 1;
                let count = self.ready_counts.entry((event.lane, event.origin)).or_default();
                *count += 1;
                if !lane.is_paused {
                    if *count == 1 {
                        self.turns.insert((event.origin, lane.pass, event.lane));
                    }
                    *self.ready_at.entry(event.origin).or_default() += 1;
                }
                self.ready_total += 1;
                self.ready.insert(ready_key(event));
            }
            EventState::Waiting { not_before_ms } => {
                counts.waiting += 1;
                self.waiting.insert((*not_before_ms, event.id));
            }
            EventState::Leased(lease) => {
                counts.leased += 1;
                self.leased.insert((lease.node, event.id));
            }
            EventState::Dead { .. } => {
                counts.dead += 1;
                self.dead.insert(event.id);
            }
            EventState::OutcomeUnknown { .. } => {
                counts.outcome_unknown += 1;
                self.outcome_unknown.insert(event.id);
            }
            EventState::Blocked { .. } => {
                counts.blocked += 1;
                self.blocked += 1;
            }
        }
    }

    /// Takes an event out of the index of its state.
    fn displace(&mut self, event: &EventRecord) {
        if let Some(expires_ms) = expiry(event) {
            self.expiries.remove(&(expires_ms, event.id));
        }
        let lane = self.lanes.entry(event.lane).or_default();
        let counts = &mut lane.counts;
        match &event.state {
            EventState::Ready { .. } => {
                counts.ready -= 1;
                let (pass, is_paused) = (lane.pass, lane.is_paused);
                let was_last = count_down(&mut self.ready_counts, &(event.lane, event.origin), 1);
                if !is_paused {
                    count_down(&mut self.ready_at, &event.origin, 1);
                    if was_last {
                        self.turns.remove(&(event.origin, pass, event.lane));
                    }
                }
                self.ready_total -= 1;
                self.ready.remove(&ready_key(event));
            }
            EventState::Waiting { not_before_ms } => {
                counts.waiting -= 1;
                self.waiting.remove(&(*not_before_ms, event.id));
            }
            EventState::Leased(lease) => {
                counts.leased -= 1;
                self.leased.remove(&(lease.node, event.id));
            }
            EventState::Dead { .. } => {
                counts.dead -= 1;
                self.dead.remove(&event.id);
            }
            EventState::OutcomeUnknown { .. } => {
                counts.outcome_unknown -= 1;
                self.outcome_unknown.remove(&event.id);
            }
            EventState::Blocked { .. } => {
                counts.blocked -= 1;
                self.blocked -= 1;
            }
        }
    }

    /// The lane has been served, or is paused or resumed: its turns change.
    pub(crate) fn set_turn(&mut self, id: LaneId, pass: u64, is_paused: bool) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        let old = *lane;
        (lane.pass, lane.is_paused) = (pass, is_paused);
        let nodes = (id, NodeId(0))..=(id, NodeId(u64::MAX));
        for ((_, node), count) in self.ready_counts.range(nodes) {
            if !old.is_paused {
                self.turns.remove(&(*node, old.pass, id));
            }
            if !is_paused {
                self.turns.insert((*node, pass, id));
            }
            match (old.is_paused, is_paused) {
                (false, true) => drop(count_down(&mut self.ready_at, node, *count)),
                (true, false) => *self.ready_at.entry(*node).or_default() += count,
                _ => {}
            }
        }
    }

    /// The events of an ordering key, in their order.
    pub(crate) fn of_key(&self, account: &AccountName, key: &EventKey) -> impl Iterator<Item = EventId> {
        let bound = |id| (account.clone(), key.clone(), EventId(id));
        self.ordered.range(bound(0)..=bound(u64::MAX)).map(|(_, _, id)| *id)
    }
}

fn ready_key(event: &EventRecord) -> ReadyKey {
    (event.lane, event.origin, event.priority.rank(), event.id)
}

/// When the event ends by itself: only while no worker has it and no person is asked for.
fn expiry(event: &EventRecord) -> Option<u64> {
    match event.state {
        EventState::Ready { .. } | EventState::Waiting { .. } | EventState::Blocked { .. } => event.expires_ms(),
        EventState::Leased(_) | EventState::Dead { .. } | EventState::OutcomeUnknown { .. } => None,
    }
}

/// Takes `less` off; whether nothing is left.
fn count_down<K: Ord + Clone>(counts: &mut imbl::OrdMap<K, u64>, key: &K, less: u64) -> bool {
    match counts.get_mut(key) {
        Some(count) if *count > less => {
            *count -= less;
            false
        }
        _ => {
            counts.remove(key);
            true
        }
    }
}

impl State {
    /// Events leased to `node`, in order.
    pub fn leased_to(&self, node: NodeId) -> impl Iterator<Item = &Arc<EventRecord>> {
        let range = (node, EventId(0))..=(node, EventId(u64::MAX));
        self.queue.leased.range(range).filter_map(|(_, id)| self.events.shared(id))
    }

    /// The next time at which a `Tick` would change something.
    pub fn next_deadline_ms(&self) -> Option<u64> {
        let waiting = self.queue.waiting.get_min().map(|(at, _)| *at);
        let expiry = self.queue.expiries.get_min().map(|(at, _)| *at);
        let lease = (!self.queue.leased.is_empty()).then_some(self.lease_check_ms);
        [waiting, expiry, lease].into_iter().flatten().min()
    }

    /// Puts an event into another state, indexes included.
    pub(crate) fn set_event_state(&mut self, id: EventId, change: impl FnOnce(&mut EventRecord)) {
        let queue = &mut self.queue;
        self.events.update(&id, |event| {
            queue.displace(event);
            change(event);
            queue.place(event);
        });
    }

    /// Takes an event out, indexes included.
    pub(crate) fn take_event(&mut self, id: EventId) -> Option<Arc<EventRecord>> {
        let event = self.events.remove(&id)?;
        self.queue.remove(&event);
        Some(event)
    }
}
