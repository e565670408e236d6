//! Who a node says it is, and who the other end turned out to be.

use flotilla_model::NodeId;
use serde::{Deserialize, Serialize};

use crate::lane::Lane;

/// What a node is in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerRole {
    /// A full member.
    Member,
    /// Votes, holds no files.
    Witness,
    /// Terminates partners' protocols outside.
    Edge,
}

impl PeerRole {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Member => 1,
            Self::Witness => 2,
            Self::Edge => 3,
        }
    }
}

/// Who we are.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Our node id.
    pub node_id: NodeId,
    /// Our role.
    pub role: PeerRole,
    /// The cluster's id; both ends must have the same.
    pub cluster_id: String,
    /// Our version, told to peers for their operators.
    pub software_version: String,
}

/// Who an admitted peer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeerIdentity {
    /// Its node id, proven by its certificate when that carries one, and by the cluster secret.
    pub node_id: NodeId,
    /// Its role.
    pub role: PeerRole,
    /// What the connection is for.
    pub lane: Lane,
    /// Its version.
    pub software_version: String,
}
