//! The event queue.

use flotilla_model::{EventId, NodeId, TransferId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{QueueStatus, StepView};

/// An event that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventView {
    pub id: EventId,
    pub kind: String,
    pub account: String,
    /// Of an event that is about a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Of the file, or of the data.
    pub size_bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransferId>,
    /// The node that took the file.
    pub origin: NodeId,
    pub created_at: Timestamp,
    /// `ready`, `waiting`, `blocked`, `leased`, `dead` or `outcome-unknown`.
    pub state: String,
    /// Since when, or until when it waits.
    pub state_at: Timestamp,
    /// Why it is dead or doubtful.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The node that works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leased_to: Option<NodeId>,
    pub attempt: u32,
    pub failures: u32,
    pub next_step: u32,
    pub steps: Vec<StepView>,
}

/// Query of `GET events`, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// As [`EventView::state`]; `dead` lists the dead letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// `GET events/statistics`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventStatistics {
    pub queue: QueueStatus,
    pub published_total: u64,
    pub completed_total: u64,
    pub failed_total: u64,
    pub discarded_total: u64,
    pub leases_granted_total: u64,
    pub leases_lost_total: u64,
    pub results_stale_total: u64,
}

/// A person's word on a step that may or may not have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    Happened,
    DoItAgain,
}

/// Body of `POST events/ID/operations/resolve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolveRequest {
    pub answer: Resolution,
}
