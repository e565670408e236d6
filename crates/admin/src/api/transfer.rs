//! The transfer log.

use flotilla_model::{NodeId, TransferId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// One file that came in, with all that was done with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferView {
    #[schema(value_type = u64)]
    pub id: TransferId,
    pub account: String,
    pub path: String,
    /// `https`, `webdav` or `sftp`.
    pub protocol: String,
    pub remote: String,
    pub size_bytes: u64,
    pub sha256: String,
    pub blob: String,
    /// The id of the file's trace: the same 128 bits in hexadecimal digits.
    #[serde(default)]
    pub trace: String,
    /// In the words of the field: `In progress`, `Processed`, `Failed`, `Failed subtransmission`, `Paused`.
    pub state: String,
    /// The node that took the file.
    #[schema(value_type = u64)]
    pub node: NodeId,
    /// Nodes that had it on disk when the upload was acknowledged.
    #[schema(value_type = Vec<u64>)]
    pub replicas: Vec<NodeId>,
    pub started_at: Timestamp,
    pub stored_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// Where it was processed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub worker_node: Option<NodeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<u32>,
    pub steps: Vec<StepRunView>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// One run of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepRunView {
    pub step: u32,
    pub kind: String,
    pub attempt: u32,
    #[schema(value_type = u64)]
    pub node: NodeId,
    pub worker: u32,
    pub started_at: Timestamp,
    pub duration_us: u64,
    pub succeeded: bool,
    /// What it did, or why it failed.
    pub detail: String,
}

/// Answer of `POST logs/transfers/ID/operations/resubmit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resubmitted {
    #[schema(value_type = u64)]
    pub transfer: TransferId,
    /// The event that does its work.
    pub event: u64,
    /// The log index that a node must have applied to show it.
    pub log_index: u64,
}

/// Query of `GET logs/transfers`, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TransferQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// As `state` of a transfer, without regard to case; `-` and `_` stand for a space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}
