//! What everyone may know about a node's configuration.

use std::collections::BTreeMap;

use flotilla_model::NodeId;
use serde::Serialize;

/// Another node has another state at the same log index: one of the two is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The other node.
    pub node: NodeId,
    /// Where.
    pub index: u64,
    /// This node's digest there.
    pub own_digest: u64,
    /// The other node's.
    pub its_digest: u64,
}

/// The status of config sync.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ConfigSyncStatus {
    /// Log index up to which all parameters are in effect on this node.
    pub parameters_index: u64,
    /// Parameters that are not in effect yet.
    pub pending: Vec<String>,
    /// Why they are not, if they were refused.
    pub failures: BTreeMap<String, String>,
    /// Nodes that differ from this one.
    pub drifts: Vec<Drift>,
    /// Up to which log index each node's state was compared and found equal.
    pub compared_index: BTreeMap<NodeId, u64>,
}
