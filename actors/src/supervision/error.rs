//! Errors of supervision. Every sender learns whether its message may have had an effect.

use std::time::Duration;

use thiserror::Error;

/// A message was not answered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// The queue is full and its policy is to fail, or the sender could not wait.
    #[error("the actor's queue of {bound} messages is full; not processed, safe to retry")]
    Full {
        /// The bound that was reached.
        bound: usize,
    },
    /// The queue is full and its policy is to shed.
    #[error("shed under load, the queue of {bound} messages is full; not processed, safe to retry")]
    Shed {
        /// The bound that was reached.
        bound: usize,
    },
    /// The actor is being restarted and its policy is not to wait.
    #[error("the actor is being restarted; not processed, safe to retry")]
    Down,
    /// The actor used up its restarts and waits for an operator.
    #[error("the actor has failed and waits for an operator's restart; not processed")]
    Failed,
    /// The actor was stopped in order.
    #[error("the actor is stopped; not processed")]
    Stopped,
    /// The message was accepted, and the actor ended before beginning it.
    #[error("the actor ended before it began this message; not processed, safe to retry")]
    NotProcessed,
    /// The actor panicked while it handled the message: its effect is unknown.
    #[error("the actor was interrupted while handling this message; its effect is unknown")]
    Interrupted,
}

impl SendError {
    /// True if the message certainly had no effect.
    pub fn is_not_processed(&self) -> bool {
        !matches!(self, Self::Interrupted)
    }

    /// True if the same message may succeed later without anyone mending anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Shed { .. } | Self::Down | Self::NotProcessed)
    }
}

/// An actor could not be put under supervision.
#[derive(Debug, Error)]
pub enum SpawnError {
    /// Two actors with one name could not be told apart in status, metrics and logs.
    #[error("an actor named {name} is already supervised")]
    NameTaken {
        /// The name asked for.
        name: String,
    },
    /// The supervisor has been shut down.
    #[error("the supervisor is shut down")]
    ShutDown,
}

/// An ordered stop did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StopError {
    /// The actor did not drain in time. What it was doing was cancelled.
    #[error("actor {name} was not done within {deadline:?} and was cut off")]
    Deadline {
        /// The actor.
        name: String,
        /// The time it had.
        deadline: Duration,
    },
}

/// An operator's restart was not possible.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RestartError {
    /// No supervised actor has this name.
    #[error("no actor is named {name}")]
    Unknown {
        /// The name asked for.
        name: String,
    },
    /// A stopped actor stays stopped.
    #[error("actor {name} is stopped")]
    Stopped {
        /// The actor.
        name: String,
    },
    /// Too many operators at once.
    #[error("actor {name} already has commands waiting")]
    Busy {
        /// The actor.
        name: String,
    },
}
