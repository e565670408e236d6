//! The one road: proposals up, views down.

use async_trait::async_trait;
use flotilla_model::{Command, Outcome, Rejection, State};
use thiserror::Error;

use super::changes::Changes;

/// A consistent view of the replicated state. Cheap to clone.
#[derive(Clone, Default)]
pub struct View {
    /// Log index up to which it is applied.
    pub index: u64,
    /// Term of that entry.
    pub term: u64,
    /// What is true there.
    pub state: State,
}

/// A batch of commands was applied.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Log index of the entry.
    pub index: u64,
    /// One answer for each command.
    pub answers: Vec<Result<Outcome, Rejection>>,
}

/// A proposal got no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProposalError {
    /// It was not accepted and has no effect: no primary, no quorum, queue full.
    #[error("the proposal was not accepted and has no effect: {reason}")]
    NotAccepted {
        /// In words.
        reason: String,
    },
    /// It may or may not take effect.
    #[error("the outcome of the proposal is unknown: {reason}")]
    Unknown {
        /// In words.
        reason: String,
    },
}

/// The replicated log as actors see it.
#[async_trait]
pub trait ReplicatedLog: Send + Sync + 'static {
    /// Proposes commands as one entry and waits until they are applied. A timeout means *unknown*. They are only borrowed:
    /// who has to propose them again keeps them without a copy.
    async fn propose_many(&self, commands: &[Command]) -> Result<Applied, ProposalError>;

    /// The latest view of this node.
    fn view(&self) -> View;

    /// Tells of newer views.
    fn changes(&self) -> Changes;
}
