//! The event queue: its events, and what is told of one.

use flotilla_model::{EventId, NodeId, TransferId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::{StepRunView, StepView};

/// An event that has not ended.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventView {
    #[schema(value_type = u64)]
    pub id: EventId,
    pub kind: String,
    pub account: String,
    #[serde(default)]
    pub lane: String,
    /// 0 to 9, 9 goes first.
    #[serde(default)]
    pub priority: u8,
    /// Of an event that is about a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Of the file, or of the data.
    pub size_bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub transfer: Option<TransferId>,
    /// Events of one account and key run in order, one at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordering_key: Option<String>,
    /// It ends then unless a worker has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// W3C trace id that its publisher gave: 32 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The node that took it.
    #[schema(value_type = u64)]
    pub origin: NodeId,
    pub created_at: Timestamp,
    /// `ready`, `waiting`, `blocked`, `leased`, `dead` or `outcome-unknown`.
    pub state: String,
    /// Since when, or until when it waits.
    pub state_at: Timestamp,
    /// Why it is dead or doubtful, or why its last try failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The step, counted from 0, that may or may not have happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubtful_step: Option<u32>,
    /// The node that works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub leased_to: Option<NodeId>,
    /// Its lease ends then unless it is renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_expires_at: Option<Timestamp>,
    /// Leases given so far.
    pub attempt: u32,
    /// Tries that failed.
    pub failures: u32,
    /// Leases whose process died.
    #[serde(default)]
    pub lost_leases: u32,
    /// The first step, counted from 0, that has not succeeded.
    pub next_step: u32,
    pub steps: Vec<StepView>,
    /// What its steps did so far; of one event only, not in lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<StepRunView>,
    /// What the application sent, as it sent it; of one event only, not in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub data: Option<Box<RawValue>>,
    /// The same when it is no JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_base64: Option<String>,
}

/// Which events are meant: query of `GET events` and `GET events/ids`, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EventQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<u64>,
    /// As `state` of an event; `dead` lists the dead letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// One kind, or those with a beginning: `order.*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// A part of `reason` of an event, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_before: Option<Timestamp>,
}
