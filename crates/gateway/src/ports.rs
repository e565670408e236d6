//! What the gateway needs of others, implemented where the node is put together.

use std::pin::Pin;

use async_trait::async_trait;
use flotilla_model::{Command, Outcome, Rejection, State};
use futures::Stream;

/// Tells that something has changed; it ends with the owner of what is watched.
pub type Changes = Pin<Box<dyn Stream<Item = ()> + Send>>;

/// The replicated log: reads come down, commands go up.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// The newest state that this node knows. Never blocks; a clone of the state costs nothing.
    fn state(&self) -> State;

    /// Tells of states that are newer than the one at the call; one notice may stand for many.
    fn changes(&self) -> Changes;

    /// A state in which every command is applied that was acknowledged before the call, on whatever node; `None` when the
    /// cluster cannot tell at the moment.
    async fn latest(&self) -> Option<State>;

    /// Where partners are served instead, while this node only stands by (`Cluster.mode` is passive and another node leads);
    /// an empty text if that is not known at the moment.
    fn standby(&self) -> Option<String> {
        None
    }

    /// Answers when the command is committed and applied on this node.
    async fn propose(&self, command: Command) -> Result<Outcome, ProposeError>;
}

/// Why a command has no outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// The state machine refused it: nothing was changed.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// It did not enter the log and never will.
    #[error("not done: {0}")]
    NotDone(String),
    /// It may or may not take effect, now or later.
    #[error("outcome unknown: {0}")]
    Unknown(String),
}
