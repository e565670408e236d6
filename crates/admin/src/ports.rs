//! What the admin server needs from the rest of a node. `crates/node` joins these with the consensus and the actors.

use std::collections::BTreeMap;

use async_trait::async_trait;
use flotilla_model::{Command, NodeId, Outcome, Rejection, State};
use prometheus_client::registry::Registry;
use thiserror::Error;

use crate::api::{LinkStatus, NodeRole, NodeStatus, ReadyStatus};

/// The replicated state at one log index; a cheap clone.
#[derive(Clone)]
pub struct LedgerView {
    pub index: u64,
    pub state: State,
}

/// A command took effect at an index of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub index: u64,
    pub outcome: Outcome,
}

/// Why a command has no outcome.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LedgerError {
    /// It changed nothing.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// It was not processed and may be sent again.
    #[error("the cluster cannot take changes now: {reason}")]
    Unavailable { reason: String },
    /// It may or may not take effect.
    #[error("it is not known whether the change was made: {reason}")]
    Unknown { reason: String },
}

/// The one road for writes, and the one for reads.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// What this node has applied; never waits.
    fn view(&self) -> LedgerView;

    /// A view that shows everything that was acknowledged before this call, on any node.
    async fn fresh_view(&self) -> Result<LedgerView, LedgerError>;

    /// Waits until [`Ledger::view`] shows a later index than this.
    async fn later_than(&self, index: u64);

    /// Commits a command. When it returns, [`Ledger::view`] of this node shows its effect.
    async fn propose(&self, command: Command) -> Result<Applied, LedgerError>;
}

/// What this node heard of another member.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerFacts {
    pub node: NodeId,
    pub role: Option<NodeRole>,
    pub term: Option<u64>,
    pub applied_index: Option<u64>,
    pub link: LinkStatus,
}

/// What this node knows of the others' states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncFacts {
    /// Log index up to which all parameters are in effect here.
    pub parameters_index: u64,
    pub pending_parameters: Vec<String>,
    /// The last index at which a node's state was found equal, and when, in milliseconds since the Unix epoch.
    pub agreed: BTreeMap<NodeId, (u64, u64)>,
    /// Nodes with another state, and the index at which that was seen.
    pub differs: BTreeMap<NodeId, u64>,
}

/// What the actors publish about themselves and about the other members. Answers at once, from published values.
pub trait NodeFacts: Send + Sync + 'static {
    fn status(&self) -> NodeStatus;

    /// The other members, in any order.
    fn peers(&self) -> Vec<PeerFacts>;

    fn sync(&self) -> SyncFacts;

    /// Registers what the node's parts measure over time; the rest of `/metrics` is made from the other answers.
    fn register(&self, registry: &mut Registry);

    /// Whether the node can serve partners now.
    fn ready(&self) -> ReadyStatus;
}
