//! How the nodes fared in the last hour.

use flotilla_model::NodeId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::QueueStatus;

/// Between two samples.
pub const SAMPLE_EVERY_MS: u64 = 10_000;

/// What a node has seen at one time; what is counted in a second is the mean since the sample before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sample {
    pub at: Timestamp,
    /// The cluster's queue, as far as the node had applied the log.
    pub queue: QueueStatus,
    /// In the cluster.
    pub published_per_s: f64,
    /// In the cluster.
    pub completed_per_s: f64,
    /// Through this node.
    pub uploads_per_s: f64,
    /// Through this node.
    pub downloads_per_s: f64,
    /// From partners of this node.
    pub bytes_in_per_s: f64,
    /// To partners of this node.
    pub bytes_out_per_s: f64,
    pub workers: u64,
    pub workers_busy: u64,
    /// What the process takes of the machine. Absent where the kernel does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessSample>,
}

/// What a node's process took of its machine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProcessSample {
    /// Processors that it kept busy: 1.5 is one and a half.
    pub processors: f64,
    pub resident_bytes: u64,
}

/// The samples that one node keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NodeHistory {
    #[schema(value_type = u64)]
    pub node: NodeId,
    pub name: String,
    /// Oldest first; none from before the start of its process.
    pub samples: Vec<Sample>,
    /// Why it has not told of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// Answer of `GET statistics/history`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct History {
    /// Between two samples.
    pub every_ms: u64,
    /// In the order of promotion.
    pub nodes: Vec<NodeHistory>,
}

/// Query of `GET statistics/history`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    /// Of this node alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<u64>)]
    pub node: Option<NodeId>,
    /// Only samples behind this time; all that are kept, if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}
