//! What people do with events: one of them, or many at once.

use flotilla_model::EventId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::StepChange;

/// Most events of one request.
pub const CHANGED_EVENTS_MAX: usize = 1024;

/// A person's word on a step that may or may not have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    Happened,
    DoItAgain,
}

/// Body of `POST events/ID/operations/resolve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveRequest {
    pub answer: Resolution,
}

/// Body of `POST events/operations/discard` and `…/cancel`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventSelection {
    #[schema(value_type = Vec<u64>)]
    pub ids: Vec<EventId>,
}

/// Body of `POST events/operations/retry`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryManyRequest {
    #[schema(value_type = Vec<u64>)]
    pub ids: Vec<EventId>,
    /// Another route, run from its beginning; absent: go on at the failed step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<StepChange>>,
}

/// Body of `POST events/operations/resolve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveManyRequest {
    #[schema(value_type = Vec<u64>)]
    pub ids: Vec<EventId>,
    pub answer: Resolution,
}

/// What became of the events of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventsChanged {
    pub changed: u64,
    /// The others, each with the reason.
    pub refused: Vec<RefusedEvent>,
    /// The log index that a node must have applied to show it.
    pub log_index: u64,
}

/// An event that stayed as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefusedEvent {
    #[schema(value_type = u64)]
    pub id: EventId,
    /// As of a problem.
    pub code: String,
    pub detail: String,
}
