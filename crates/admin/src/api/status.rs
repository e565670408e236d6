//! The full status of one node.

use flotilla_model::NodeId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{NodeRole, QueueStatus};

/// `GET status`: everything about the node that answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NodeStatus {
    #[schema(value_type = u64)]
    pub node: NodeId,
    pub name: String,
    pub version: String,
    pub process_id: u32,
    pub started_at: Timestamp,
    pub uptime_ms: u64,
    /// It takes no new work any more.
    pub is_stopping: bool,
    pub consensus: ConsensusStatus,
    pub queue: QueueStatus,
    pub gmp: GmpStatus,
    pub files: FilesStatus,
    pub gateway: GatewayStatus,
    pub certificate: CertificateStatus,
    pub actors: Vec<ActorStatus>,
    /// Absent where the kernel does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessStatus>,
}

/// What the node's process takes of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessStatus {
    /// Time on processors since it started, of all threads together.
    pub cpu_ms_total: u64,
    pub resident_bytes: u64,
}

/// Where the node stands in the replicated log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsensusStatus {
    pub role: NodeRole,
    pub term: u64,
    /// The primary that this node follows; absent while there is none.
    #[schema(value_type = Option<u64>)]
    pub primary: Option<NodeId>,
    /// On the primary: how long ago the newest message was sent that a majority has acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum_heard_ms_ago: Option<u64>,
    pub last_log_index: u64,
    pub committed_index: u64,
    pub applied_index: u64,
    pub snapshot_index: u64,
    /// Data of waiting events that this node keeps in files instead of memory (`EventQueue.memoryBytes`).
    #[serde(default)]
    pub stored_event_bytes: u64,
    /// Digest of the state at `applied_index`; equal on all nodes at the same index.
    pub digest: String,
    #[schema(value_type = Vec<u64>)]
    pub voters: Vec<NodeId>,
    #[schema(value_type = Vec<u64>)]
    pub learners: Vec<NodeId>,
}

/// A primary that no majority has answered for so long can promise nothing any more. Heartbeats go out each 100 ms, and others stand
/// for election after 800 ms.
const QUORUM_SILENCE_MAX_MS: u64 = 2_000;

impl ConsensusStatus {
    /// It is the primary, and a majority has answered it lately.
    pub fn leads(&self) -> bool {
        self.role == NodeRole::Primary && !self.has_lost_quorum()
    }

    /// It calls itself primary still, and no majority answers.
    pub fn has_lost_quorum(&self) -> bool {
        self.role == NodeRole::Primary && self.quorum_heard_ms_ago.is_none_or(|ago| ago > QUORUM_SILENCE_MAX_MS)
    }
}

/// The pool of workers of one node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GmpStatus {
    /// How many workers there should be now.
    pub threads_max: u64,
    /// Workers that exist.
    pub workers: u64,
    pub busy: u64,
    /// Workers that wait for an event.
    #[serde(default)]
    pub idle: u64,
    /// Workers that leave after their event.
    #[serde(default)]
    pub retiring: u64,
    /// Claimed events that no worker has begun.
    #[serde(default)]
    pub queued: u64,
    /// Results that are not recorded in the log yet.
    #[serde(default)]
    pub unrecorded: u64,
    pub claimed_total: u64,
    pub completed_total: u64,
    pub failed_total: u64,
    #[serde(default)]
    pub outcome_unknown_total: u64,
    /// Events given back untouched.
    #[serde(default)]
    pub returned_total: u64,
    /// Results that came too late.
    pub stale_total: u64,
    /// Workers that were replaced since a step panicked.
    #[serde(default)]
    pub panics_total: u64,
    /// Workers that were replaced since a step ran longer than it may.
    #[serde(default)]
    pub hung_total: u64,
    /// Workers that were replaced since a step left processes running.
    #[serde(default)]
    pub leaked_total: u64,
    /// Mean time of an event on a worker.
    #[serde(default)]
    pub work_us: u64,
    /// Mean time of a claim or a report in the log.
    #[serde(default)]
    pub round_us: u64,
}

/// The contents on the disk of one node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FilesStatus {
    pub blobs: u64,
    pub bytes: u64,
    pub disk_free_bytes: u64,
    pub disk_size_bytes: u64,
    /// Contents in the cluster with too few copies.
    pub under_replicated: u64,
    pub repaired_total: u64,
    pub damaged_total: u64,
}

/// The partners' side of one node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GatewayStatus {
    pub connections: u64,
    pub uploads: u64,
    pub downloads: u64,
    pub uploads_total: u64,
    pub downloads_total: u64,
    pub bytes_in_total: u64,
    pub bytes_out_total: u64,
    /// Requests refused because a bound was reached.
    pub shed_total: u64,
}

/// The certificate that the node shows to the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CertificateStatus {
    pub alias: String,
    pub fingerprint: String,
    pub expires_at: Timestamp,
    /// It is the one that the log asks for, with the trust that the log asks for.
    #[serde(default)]
    pub is_current: bool,
    /// Why it is not, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// When this node issues its successor; absent if another CA has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal_at: Option<Timestamp>,
    #[serde(default)]
    pub renewed_total: u64,
    /// Certificates in the store, and the node's CA, whose end comes near.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<CertificateWarning>,
}

/// A certificate whose end comes near.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CertificateWarning {
    /// Its alias, or `internal CA`.
    pub name: String,
    pub fingerprint: String,
    pub expires_at: Timestamp,
    /// The limit that is passed: 30, 14, 7, 1 days before the end, or 0.
    pub within_days: u64,
    pub is_renewable: bool,
}

/// One supervised actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActorStatus {
    pub name: String,
    /// `running`, `restarting`, `stopped` or `failed`.
    pub state: String,
    pub restarts: u64,
    /// Messages that wait.
    pub waiting: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
}

/// `GET /readyz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadyStatus {
    pub is_ready: bool,
    /// What is missing.
    pub reasons: Vec<String>,
}
