//! What accounts have sent, and what became of it, by hour or day.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What one account did in one hour or day, or in the whole period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatisticsView {
    pub account: String,
    /// Begin of the hour or day, in UTC; of the whole period with `per=period`.
    pub begins_at: Timestamp,
    pub transfers: TransferStatistics,
    pub events: EventCounts,
}

/// Files that were stored in that time, by what has become of them up to now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferStatistics {
    pub count: u64,
    /// Their sizes together.
    pub bytes: u64,
    pub processed: u64,
    /// In the state `Failed` or `Failed subtransmission`.
    pub failed: u64,
    /// In progress, or paused.
    pub open: u64,
}

/// Applications' events that were published in that time, by what has become of them up to now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventCounts {
    pub published: u64,
    pub completed: u64,
    /// Dead letters that wait for a person.
    pub failed: u64,
    pub discarded: u64,
    pub expired: u64,
    pub cancelled: u64,
    /// Those that have not ended and are not dead.
    pub open: u64,
}

/// Answer of `GET statistics`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Statistics {
    pub since: Timestamp,
    pub until: Timestamp,
    /// `hour`, `day` or `period`.
    pub per: String,
    /// Before this time transfers are missing: the oldest went when there were more than `TransferLog.maxRecords`. Absent: none ever went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfers_complete_since: Option<Timestamp>,
    /// The same of events, which go at `EventQueue.maxHistory`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_complete_since: Option<Timestamp>,
    /// By time, then by account; those with nothing are left out.
    pub items: Vec<StatisticsView>,
    /// Of all items together.
    pub transfers: TransferStatistics,
    pub events: EventCounts,
}

/// Query of `GET statistics`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct StatisticsQuery {
    /// Seven days before `until`, if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Before this time; now, if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// `hour`, `day` (in UTC) or `period`; `day`, if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<String>,
}
