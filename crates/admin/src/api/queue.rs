//! The event queue in numbers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Events by state; the same on all nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueStatus {
    pub ready: u64,
    pub waiting: u64,
    /// Behind others of their ordering key.
    #[serde(default)]
    pub blocked: u64,
    pub leased: u64,
    pub dead: u64,
    pub outcome_unknown: u64,
    pub oldest_ready_age_ms: u64,
}

/// How full the queue is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoomStatus {
    /// `ample`; `tight` from nine tenths on, when publishers are slowed; `full`, when they are refused.
    pub level: String,
    pub events: u64,
    /// `EventQueue.maxEvents`.
    pub events_max: u64,
    /// Of applications' events.
    pub data_bytes: u64,
    /// `EventQueue.maxBytes`.
    pub data_bytes_max: u64,
}

/// `GET events/statistics`. Totals count from the day that the cluster was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventStatistics {
    pub queue: QueueStatus,
    #[serde(default)]
    pub room: RoomStatus,
    #[serde(default)]
    pub lanes: u64,
    #[serde(default)]
    pub lanes_paused: u64,
    pub published_total: u64,
    /// Published again under their idempotency key.
    #[serde(default)]
    pub repeated_total: u64,
    pub completed_total: u64,
    /// Tries that failed and were put off.
    #[serde(default)]
    pub retried_total: u64,
    /// Became dead letters.
    pub failed_total: u64,
    pub discarded_total: u64,
    #[serde(default)]
    pub expired_total: u64,
    #[serde(default)]
    pub cancelled_total: u64,
    pub leases_granted_total: u64,
    pub leases_lost_total: u64,
    pub results_stale_total: u64,
}
