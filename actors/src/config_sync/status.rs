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
    /// Where each node's state was last compared and found equal.
    pub agreed: BTreeMap<NodeId, Agreement>,
}

/// Two nodes have the same state at a log index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// Where.
    pub index: u64,
    /// When that was found, in milliseconds since the Unix epoch.
    pub at_ms: u64,
}
