//! The cluster as one node sees it.

use flotilla_model::NodeId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{QueueStatus, RoomStatus};

/// What a node is in the consensus now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NodeRole {
    /// Leads: orders all changes.
    Primary,
    /// Votes and follows.
    Secondary,
    /// Stands for election.
    Candidate,
    /// Follows without a vote.
    Learner,
    /// Votes only, holds no files.
    Witness,
    /// Declared lost, or never started.
    Down,
}

impl NodeRole {
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Candidate => "candidate",
            Self::Learner => "learner",
            Self::Witness => "witness",
            Self::Down => "down",
        }
    }
}

/// `GET cluster`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClusterStatus {
    pub id: String,
    pub name: String,
    /// Value of `Cluster.mode`.
    pub mode: String,
    pub created_at: Timestamp,
    /// The node that answers; lags and links are as it sees them.
    #[schema(value_type = u64)]
    pub answered_by: NodeId,
    pub term: u64,
    #[schema(value_type = Option<u64>)]
    pub primary: Option<NodeId>,
    /// The last index known to be committed.
    pub committed_index: u64,
    /// In the order of the `servers` list.
    pub nodes: Vec<ClusterNode>,
    pub queue: QueueStatus,
    #[serde(default)]
    pub room: RoomStatus,
    #[serde(default)]
    pub lanes_paused: u64,
    /// The first of them.
    #[serde(default)]
    pub paused_lanes: Vec<String>,
    pub accounts: u64,
    pub files: u64,
    pub transfers: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClusterNode {
    #[schema(value_type = u64)]
    pub node: NodeId,
    pub name: String,
    pub role: NodeRole,
    /// Whether its process runs, as far as the log knows.
    pub is_up: bool,
    pub version: String,
    pub mesh_address: String,
    pub admin_url: String,
    pub transfer_url: String,
    pub joined_at: Timestamp,
    /// Absent when nothing was heard of it.
    pub term: Option<u64>,
    pub applied_index: Option<u64>,
    /// Entries that it is behind the committed index.
    pub lag_entries: Option<u64>,
    /// Absent for the node that answers.
    pub link: Option<LinkStatus>,
}

/// The connection from the answering node to another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LinkStatus {
    pub is_connected: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_us: Option<u64>,
    /// Age of the last message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_ms_ago: Option<u64>,
    pub reconnects: u64,
    /// Why it is down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}
