//! Whether all nodes have the same state: `sync`.

use flotilla_model::NodeId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How one node stands, as the answering one knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SyncView {
    #[schema(value_type = u64)]
    pub node: NodeId,
    pub name: String,
    pub applied_index: Option<u64>,
    /// Entries behind the committed index.
    pub lag_entries: Option<u64>,
    /// The last index at which its state was found equal to the answering node's while running, and when that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_index: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_at: Option<Timestamp>,
    /// Since this index it has another state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs_at_index: Option<u64>,
}

/// Answer of `GET sync`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SyncStatus {
    #[schema(value_type = u64)]
    pub answered_by: NodeId,
    /// Log index up to which the answering node's parts run with the parameters.
    pub parameters_index: u64,
    /// Parameters that are not in effect on it yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending_parameters: Vec<String>,
    pub nodes: Vec<SyncView>,
}

/// The digest of one node at the index of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DigestView {
    #[schema(value_type = u64)]
    pub node: NodeId,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    pub is_equal: bool,
    /// Why there is no digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// Answer of `POST sync/operations/verify`: the digests of all nodes at one index of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verification {
    pub index: u64,
    /// The one that most nodes have; of two equally common ones the primary's.
    pub digest: String,
    pub is_equal: bool,
    pub nodes: Vec<DigestView>,
}

/// Body of `POST sync/operations/repair`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RepairRequest {
    #[schema(value_type = u64)]
    pub node: NodeId,
}

/// A node has made its state anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Repaired {
    #[schema(value_type = u64)]
    pub node: NodeId,
    /// Whose state it took.
    #[schema(value_type = u64)]
    pub from: NodeId,
    /// The index that it was brought to, and the digest there.
    pub index: u64,
    pub digest: String,
}
