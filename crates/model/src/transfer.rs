//! The transfer log: one row for each file that came in, with all that was done with it.

use serde::{Deserialize, Serialize};

use crate::ids::{BlobId, EventId, NodeId, Sha256, TransferId, WorkerId};
use crate::names::{AccountName, FilePath};
use crate::work::StepReport;

/// How a file came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    Https,
    Webdav,
    Sftp,
}

/// Where a transfer stands, in the words of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TransferState {
    #[serde(rename = "In progress")]
    InProgress,
    Processed,
    Failed,
    /// The file arrived, what follows failed.
    #[serde(rename = "Failed subtransmission")]
    FailedSubtransmission,
    Paused,
}

impl TransferState {
    pub const ALL: [Self; 5] =
        [Self::InProgress, Self::Processed, Self::Failed, Self::FailedSubtransmission, Self::Paused];

    /// The name that people use.
    pub fn name(self) -> &'static str {
        match self {
            Self::InProgress => "In progress",
            Self::Processed => "Processed",
            Self::Failed => "Failed",
            Self::FailedSubtransmission => "Failed subtransmission",
            Self::Paused => "Paused",
        }
    }
}

/// A row of the transfer log.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transfer {
    pub id: TransferId,
    pub account: AccountName,
    pub path: FilePath,
    pub protocol: Protocol,
    /// Address of the client.
    pub remote: String,
    pub length: u64,
    pub sha256: Sha256,
    pub blob: BlobId,
    /// The node that took the file.
    pub node: NodeId,
    /// Nodes that had a synced copy when the upload was acknowledged.
    pub replicas: Vec<NodeId>,
    pub started_ms: u64,
    pub stored_ms: u64,
    pub ended_ms: Option<u64>,
    pub state: TransferState,
    /// The event that follows up on it; `None` without a route.
    pub event: Option<EventId>,
    /// Node and worker that ended it.
    pub worker: Option<(NodeId, WorkerId)>,
    /// Runs of steps, in the order of the log; of many retries the last ones.
    pub steps: Vec<StepReport>,
    /// Why it failed, as far as it did.
    pub failure: Option<String>,
}
