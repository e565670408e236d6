//! The event queue in numbers, from the state.

use flotilla_model::{QueueStatistics, Room, State};

use crate::api::{EventStatistics, QueueStatus, RoomStatus};

impl From<QueueStatistics> for QueueStatus {
    fn from(queue: QueueStatistics) -> Self {
        Self {
            ready: queue.ready,
            waiting: queue.waiting,
            blocked: queue.blocked,
            leased: queue.leased,
            dead: queue.dead,
            outcome_unknown: queue.outcome_unknown,
            oldest_ready_age_ms: queue.oldest_ready_age_ms,
        }
    }
}

pub(super) fn room(state: &State) -> RoomStatus {
    let bounds = state.queue_bounds();
    RoomStatus {
        level: match state.queue_room() {
            Room::Ample => "ample",
            Room::Tight { .. } => "tight",
            Room::Full => "full",
        }
        .to_owned(),
        events: state.events.len() as u64,
        events_max: bounds.events,
        data_bytes: state.queue_statistics().data_bytes,
        data_bytes_max: bounds.bytes,
    }
}

pub(super) fn lanes_paused(state: &State) -> u64 {
    state.lanes.values().filter(|lane| lane.is_paused).count() as u64
}

pub(super) fn statistics(state: &State) -> EventStatistics {
    let totals = state.totals();
    EventStatistics {
        queue: state.queue_statistics().into(),
        room: room(state),
        lanes: state.lanes.len() as u64,
        lanes_paused: lanes_paused(state),
        published_total: totals.events_published,
        repeated_total: totals.events_repeated,
        completed_total: totals.events_completed,
        retried_total: totals.events_retried,
        failed_total: totals.events_failed,
        discarded_total: totals.events_discarded,
        expired_total: totals.events_expired,
        cancelled_total: totals.events_cancelled,
        leases_granted_total: totals.leases_granted,
        leases_lost_total: totals.leases_lost,
        results_stale_total: totals.results_stale,
    }
}
