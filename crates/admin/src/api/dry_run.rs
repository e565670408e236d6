//! What a route would do, without doing it.

use flotilla_model::{EventId, TransferId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::StepChange;

/// Body of `POST routes/ACCOUNT/operations/dry-run`: on what, a transfer or an event of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DryRunRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub transfer: Option<TransferId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub event: Option<EventId>,
    /// Instead of those of the route that is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<StepChange>>,
}

/// Answer to it. Nothing was run, and nothing was called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DryRun {
    pub account: String,
    pub kind: String,
    /// The file, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    pub size_bytes: u64,
    /// Where it would queue.
    pub lane: String,
    /// In order. A real run ends at the first that fails.
    pub steps: Vec<DryStep>,
}

/// What one step would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DryStep {
    /// Counted from 0.
    pub step: u32,
    pub kind: String,
    /// In words.
    pub does: String,
    /// What its receiver would be sent, where that is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends: Option<String>,
    /// A doubtful run is repeated by itself; of the others a person is asked.
    pub is_repeatable: bool,
    /// Why it would fail, as far as that can be told beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}
