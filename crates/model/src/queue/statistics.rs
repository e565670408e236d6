//! The queue in numbers.

use serde::{Deserialize, Serialize};

use crate::event::EventState;
use crate::ids::{EventId, LaneId, NodeId};
use crate::state::State;

/// Lanes at nodes that are looked at for the age of the oldest event of all.
const LOOKED_AT_MAX: usize = 1024;

/// Events of the whole queue, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueStatistics {
    pub ready: u64,
    pub waiting: u64,
    pub blocked: u64,
    pub leased: u64,
    pub dead: u64,
    pub outcome_unknown: u64,
    /// Data of applications' events.
    pub data_bytes: u64,
    /// Age of the oldest ready event by the log's time, in milliseconds; paused lanes do not count.
    pub oldest_ready_age_ms: u64,
}

impl State {
    pub fn queue_statistics(&self) -> QueueStatistics {
        let queue = &self.queue;
        QueueStatistics {
            ready: queue.ready_total,
            waiting: queue.waiting.len() as u64,
            blocked: queue.blocked,
            leased: queue.leased.len() as u64,
            dead: queue.dead.len() as u64,
            outcome_unknown: queue.outcome_unknown.len() as u64,
            data_bytes: queue.bytes,
            oldest_ready_age_ms: self.oldest_ready_age_ms(),
        }
    }

    /// How many events came in through `node` and may be claimed: it may have them at once.
    pub fn ready_at(&self, node: NodeId) -> usize {
        self.queue.ready_at.get(&node).map_or(0, |count| *count as usize)
    }

    /// How many events may be claimed: ready ones, but for those in paused lanes.
    pub fn ready_count(&self) -> usize {
        self.queue.ready_at.values().sum::<u64>() as usize
    }

    /// How long the oldest event that may be claimed has waited, by the log's time; with very many lanes, of those whose
    /// turn is next. Paused lanes do not count.
    pub fn oldest_ready_age_ms(&self) -> u64 {
        let lanes = self.queue.turns.iter().take(LOOKED_AT_MAX);
        let since = lanes.filter_map(|(node, _, lane)| self.oldest_ready_since_ms(*lane, *node)).min();
        since.map_or(0, |since| self.clock_ms().saturating_sub(since))
    }

    /// The same for one lane, paused or not.
    pub fn lane_oldest_ready_age_ms(&self, lane: LaneId) -> u64 {
        let nodes = self.queue.ready_counts.range((lane, NodeId(0))..=(lane, NodeId(u64::MAX)));
        let since = nodes.filter_map(|((lane, node), _)| self.oldest_ready_since_ms(*lane, *node)).min();
        since.map_or(0, |since| self.clock_ms().saturating_sub(since))
    }

    /// Events of one lane, node and priority are in the order of their ids, so the first of each priority is the oldest
    /// but for retried ones.
    fn oldest_ready_since_ms(&self, lane: LaneId, node: NodeId) -> Option<u64> {
        let mut oldest = None;
        let mut rank = 0;
        loop {
            let from = (lane, node, rank, EventId(0));
            let Some((found_lane, found_node, found_rank, id)) = self.queue.ready.range(from..).next() else { break };
            if (*found_lane, *found_node) != (lane, node) {
                break;
            }
            if let Some(EventState::Ready { since_ms }) = self.events.get(id).map(|event| &event.state) {
                oldest = Some(oldest.map_or(*since_ms, |oldest: u64| oldest.min(*since_ms)));
            }
            rank = found_rank + 1;
        }
        oldest
    }
}
