//! Lanes of the event queue.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// One lane: events in it wait for each other, lanes share the workers by weight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LaneView {
    pub name: String,
    /// 1 to 1000: its share against the other lanes that have something to do.
    pub weight: u32,
    /// Nothing of it is given to workers; what they have goes on.
    pub is_paused: bool,
    pub ready: u64,
    pub waiting: u64,
    pub blocked: u64,
    pub leased: u64,
    pub dead: u64,
    pub outcome_unknown: u64,
    pub oldest_ready_age_ms: u64,
    pub published_total: u64,
    pub completed_total: u64,
    /// Tries that failed and were put off.
    pub retried_total: u64,
    /// Became dead letters.
    pub failed_total: u64,
    pub discarded_total: u64,
    pub expired_total: u64,
    pub cancelled_total: u64,
}

/// Query of `GET lanes`, in the order in which the lanes were made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LaneQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_paused: Option<bool>,
    /// Whether something is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_events: Option<bool>,
}

/// Body of `PATCH lanes/NAME`. What is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LaneChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_paused: Option<bool>,
}
