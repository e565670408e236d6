//! The road that all writes climb: commands that arrive together become one log entry.
//!
//! `queue` takes commands and groups them, `dispatch` brings a group to the primary, wherever it is, `write` puts it into
//! the log there, `forward` answers the groups of other nodes.

mod dispatch;
mod forward;
mod queue;
mod write;

use flotilla_model::{Outcome, Rejection};

pub(crate) use dispatch::Dispatcher;
pub(crate) use forward::{ForwardReply, ForwardServer};
pub(crate) use queue::Proposer;
pub(crate) use write::{WriteFailure, write};

/// A command that went through the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// Index of its entry.
    pub index: u64,
    /// What the state machine answered: a rejection is final, too.
    pub outcome: Result<Outcome, Rejection>,
}

/// Why a command did not go through, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// No primary took it in time: no majority is reachable, or an election goes on.
    #[error("the cluster has no primary at the moment; nothing was changed, try again")]
    NoPrimary,
    /// Too much is waiting.
    #[error("the cluster is overloaded; nothing was changed, try again")]
    Overloaded,
    /// It may or may not have happened, or may happen yet.
    #[error("it is not known whether the change was made")]
    Unknown,
    /// This node is shutting down, or has stopped taking part.
    #[error("this node is shutting down; nothing was changed")]
    Shutdown,
    /// One log entry can't hold it.
    #[error("the change is too large: {bytes} bytes, {commands} commands")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// Its commands.
        commands: usize,
    },
    /// The command cannot be encoded.
    #[error("the command cannot be encoded: {reason}")]
    Encoding {
        /// Why.
        reason: String,
    },
}

impl ProposeError {
    /// Whether nothing has happened and nothing will, so that trying again cannot do it twice.
    pub fn is_safe_to_retry(&self) -> bool {
        matches!(self, Self::NoPrimary | Self::Overloaded | Self::Shutdown)
    }
}
