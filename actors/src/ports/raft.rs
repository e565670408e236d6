//! What the actors see of Raft, and the few things they ask of it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use flotilla_model::NodeId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::changes::Changes;

/// A digest of the state at a log index that all nodes use alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The index.
    pub index: u64,
    /// `State::digest` there.
    pub digest: u64,
}

/// Raft's status on this node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RaftStatus {
    /// The current term.
    pub term: u64,
    /// The primary, as far as this node knows.
    pub primary: Option<NodeId>,
    /// Whether this node is the primary and has confirmed it in this term.
    pub is_primary: bool,
    /// Last index in the log of this node.
    pub last_log_index: u64,
    /// Last committed index that this node knows of.
    pub committed_index: u64,
    /// Last index applied to the state.
    pub applied_index: u64,
    /// Nodes that vote.
    pub voters: Vec<NodeId>,
    /// Nodes that follow without a vote.
    pub learners: Vec<NodeId>,
    /// A change of the membership is on its way.
    pub is_changing: bool,
    /// On the primary: up to which index each other node has the log.
    pub replicated_index: BTreeMap<NodeId, u64>,
    /// The latest checkpoint of this node.
    pub checkpoint: Option<Checkpoint>,
}

/// Raft did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct RaftFailure(pub String);

/// Raft's levers.
#[async_trait]
pub trait RaftControl: Send + Sync + 'static {
    /// The status now.
    fn status(&self) -> RaftStatus;

    /// Tells of changes of term, primary and membership (replication progress need not be told).
    fn changes(&self) -> Changes;

    /// Starts replicating to a node that has no vote. Returns when the change is committed, not when it has caught up.
    async fn add_learner(&self, node: NodeId, name: String, address: String) -> Result<(), RaftFailure>;

    /// Sets the voters. Former voters stay as learners.
    async fn change_voters(&self, voters: Vec<NodeId>) -> Result<(), RaftFailure>;

    /// Takes a learner out.
    async fn remove_node(&self, node: NodeId) -> Result<(), RaftFailure>;

    /// The promotion order, which sets election delays by rank.
    fn set_promotion_order(&self, order: Vec<NodeId>);

    /// The primary is dead: this node's vote is free, and the order of promotion counts from now.
    fn suspect_primary(&self, primary: NodeId);

    /// Stands for election at once; pre-vote and quorum decide.
    async fn campaign(&self) -> Result<(), RaftFailure>;

    /// Hands the lead over.
    async fn transfer_leadership(&self, to: NodeId) -> Result<(), RaftFailure>;
}
