//! What everyone may know about the membership.

use flotilla_model::NodeId;
use serde::Serialize;

/// The status of the membership actor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MembershipStatus {
    /// The `servers` list: the order of promotion.
    pub servers: Vec<NodeId>,
    /// Nodes that vote.
    pub voters: Vec<NodeId>,
    /// Nodes that follow without a vote.
    pub learners: Vec<NodeId>,
    /// Whether the log knows that this process runs.
    pub announced: bool,
    /// Changes of Raft's membership that this node made as primary.
    pub changes: u64,
    /// Why the last change came to nothing.
    pub last_failure: Option<String>,
}
