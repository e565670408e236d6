//! Proposes a change and seeks its outcome through fail-overs.

use std::time::Duration;

use flotilla_model::{Command, Outcome, Rejection};
use tokio::time::{Instant, sleep, timeout_at};

use crate::codes;
use crate::context::Context;
use crate::metrics::add;
use crate::problem::Problem;
use crate::{ProposeError, refusals};

/// First and longest pause before a command is proposed again; an election takes a fraction of a second.
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// Whether a command that may have been applied can be proposed again without harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    Harmless,
    Never,
}

/// There is no outcome to be happy with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CommitError {
    /// Nothing was changed.
    Rejected(Rejection),
    /// Nothing was changed, nor will it be.
    NotDone(String),
    /// It may have happened.
    Unknown(String),
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Rejected(rejection) => rejection.into(),
            CommitError::NotDone(reason) => Self::new(&codes::NO_QUORUM, reason).retry_after_s(refusals::RETRY_AFTER_S),
            CommitError::Unknown(reason) => Self::new(&codes::OUTCOME_UNKNOWN, reason),
        }
    }
}

/// Proposes until there is an outcome or the time is up. A command that was not done is tried again; one whose outcome is
/// unknown only when that is harmless.
pub(crate) async fn commit(context: &Context, command: Command, repeat: Repeat) -> Result<Outcome, CommitError> {
    let deadline = Instant::now() + context.config.commit_timeout;
    let mut pause = PAUSE_MIN;
    let mut unknown = None;
    loop {
        let failure = match timeout_at(deadline, context.log.propose(command.clone())).await {
            Ok(Ok(outcome)) => return Ok(outcome),
            Ok(Err(ProposeError::Rejected(rejection))) => return Err(CommitError::Rejected(rejection)),
            Ok(Err(ProposeError::NotDone(reason))) => CommitError::NotDone(reason),
            Ok(Err(ProposeError::Unknown(reason))) => CommitError::Unknown(reason),
            Err(_) => CommitError::Unknown("no answer came in time".to_owned()),
        };
        if let CommitError::Unknown(reason) = &failure {
            unknown = Some(reason.clone());
        }
        let is_over = Instant::now() + pause >= deadline;
        if is_over || (unknown.is_some() && repeat == Repeat::Never) {
            return Err(unknown.map_or(failure, CommitError::Unknown));
        }
        add(&context.metrics.commits_repeated, 1);
        tracing::debug!(?failure, "proposing a command again");
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
