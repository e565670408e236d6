//! Who a node is: kept beside its data from `init` or `join` on.

use flotilla_model::NodeId;
use serde::{Deserialize, Serialize};

/// A node of a cluster that it knows already, to begin with: later the replicated members tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    pub node: NodeId,
    pub mesh_address: String,
}

/// Contents of `identity.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    pub format_version: u32,
    /// 32 hexadecimal digits.
    pub cluster_id: String,
    pub cluster_name: String,
    pub node: NodeId,
    /// The members as they were when this node came in.
    pub seeds: Vec<Seed>,
}

impl Identity {
    pub const FORMAT_VERSION: u32 = 1;

    pub fn cluster_number(&self) -> Option<u128> {
        u128::from_str_radix(&self.cluster_id, 16).ok()
    }
}
