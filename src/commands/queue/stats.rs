//! `flotilla queue stats`

use flotilla_admin::api::{EventStatistics, RoomStatus};

use crate::output::bytes;

pub(super) fn text(statistics: &EventStatistics) -> String {
    let (queue, room) = (&statistics.queue, &statistics.room);
    let numbers: [(&str, u64); 6] = [
        ("ready", queue.ready),
        ("waiting", queue.waiting),
        ("blocked", queue.blocked),
        ("in work", queue.leased),
        ("dead", queue.dead),
        ("outcome unknown", queue.outcome_unknown),
    ];
    let totals: [(&str, u64); 11] = [
        ("published", statistics.published_total),
        ("  again", statistics.repeated_total),
        ("completed", statistics.completed_total),
        ("retried", statistics.retried_total),
        ("failed", statistics.failed_total),
        ("discarded", statistics.discarded_total),
        ("expired", statistics.expired_total),
        ("cancelled", statistics.cancelled_total),
        ("leases granted", statistics.leases_granted_total),
        ("leases lost", statistics.leases_lost_total),
        ("results too late", statistics.results_stale_total),
    ];
    let line = |(name, value): &(&str, u64)| format!("{name:<18}{value}\n");
    format!(
        "{}oldest ready      {} ms\nroom              {}\nlanes             {}, {} paused\n\n{}",
        numbers.iter().map(line).collect::<String>(),
        queue.oldest_ready_age_ms,
        room_text(room),
        statistics.lanes,
        statistics.lanes_paused,
        totals.iter().map(line).collect::<String>(),
    )
}

/// `tight: 950000 of 1000000 events, 1.2 kB of 536.9 MB of data`
pub(in crate::commands) fn room_text(room: &RoomStatus) -> String {
    format!(
        "{}: {} of {} events, {} of {} of data",
        room.level,
        room.events,
        room.events_max,
        bytes(room.data_bytes),
        bytes(room.data_bytes_max)
    )
}
