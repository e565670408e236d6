//! What people look at: events by state and lanes by name, from the indexes that have them.

use crate::event::EventRecord;
use crate::ids::{EventId, LaneId, NodeId};
use crate::lane::{Lane, LaneCounts};
use crate::names::{AccountName, LaneName};
use crate::state::State;

impl State {
    /// Dead events from `from` on, in the order of their ids.
    pub fn dead_events(&self, from: EventId) -> impl Iterator<Item = &EventRecord> {
        self.queue.dead.range(from..).filter_map(|id| self.events.get(id))
    }

    /// Events of unknown outcome from `from` on, in the order of their ids.
    pub fn doubtful_events(&self, from: EventId) -> impl Iterator<Item = &EventRecord> {
        self.queue.outcome_unknown.range(from..).filter_map(|id| self.events.get(id))
    }

    /// Events that workers have, by node.
    pub fn leased_events(&self) -> impl Iterator<Item = EventId> {
        self.queue.leased.iter().map(|(_, id)| *id)
    }

    /// Events that wait for a time, soonest first.
    pub fn waiting_events(&self) -> impl Iterator<Item = EventId> {
        self.queue.waiting.iter().map(|(_, id)| *id)
    }

    /// Ready events of a lane, by node and priority.
    pub fn ready_events_of(&self, lane: LaneId) -> impl Iterator<Item = EventId> {
        let keys = (lane, NodeId(0), 0, EventId(0))..=(lane, NodeId(u64::MAX), u8::MAX, EventId(u64::MAX));
        self.queue.ready.range(keys).map(|(.., id)| *id)
    }

    /// Lanes from `from` on, in the order in which they were made, with what is in them.
    pub fn lanes_from(&self, from: LaneId) -> impl Iterator<Item = (LaneId, &Lane, LaneCounts)> {
        self.lanes.range(from..).map(|(id, lane)| (*id, lane, self.lane_counts(*id)))
    }

    /// Whether a route sends events to a lane of that name, or an account's events go there.
    pub fn lane_is_named(&self, name: &LaneName) -> bool {
        let of_account = AccountName::parse(name.as_str()).is_ok_and(|account| self.accounts.contains(&account));
        let mut routes = self.routes.values().chain(self.kind_routes.values());
        of_account || routes.any(|route| route.lane.as_ref() == Some(name))
    }
}
