//! The state of this node, replaced by another node's: the mend of one that has come to differ.
//!
//! The log of this node is right; only what was made of it is not. So the other's state at some index is taken, the entries
//! behind that index are applied to it from this node's own log, and it takes the place of the wrong one between two steps
//! of applying. Nothing stops meanwhile.

use std::io;
use std::ops::RangeInclusive;

use flotilla_model::State;
use openraft::RaftLogReader;

use crate::log::LogReader;
use crate::machine::Machine;
use crate::payloads::PayloadStore;

/// Why a state was not replaced; the old one is in place.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// The log behind the new state is not here.
    #[error("the entries {} to {} of this node's log are purged: take a newer state", .0.start(), .0.end())]
    Purged(RangeInclusive<u64>),
    /// An entry could not be read or applied.
    #[error("this node's log cannot be applied to it: {0}")]
    Log(#[from] io::Error),
    /// This node does not get to where the new state was taken.
    #[error("this node has applied the log up to {applied} and does not reach {index}: it hears no primary")]
    Behind {
        /// Where the new state was taken.
        index: u64,
        /// What this node has applied.
        applied: u64,
    },
    /// This node ends.
    #[error("this node is being stopped")]
    Shutdown,
}

/// The new state brought to where the old one is.
pub(crate) async fn caught_up(
    old: &Machine,
    index: u64,
    state: State,
    log: &mut LogReader,
    payloads: &PayloadStore,
) -> Result<Machine, ReplaceError> {
    let target = old.applied().map_or(0, |id| id.index);
    let mut machine = old.with_state(state);
    if index < target {
        let missing = index + 1..=target;
        let entries = log.try_get_log_entries(missing.clone()).await?;
        if entries.len() as u64 != target - index {
            return Err(ReplaceError::Purged(missing));
        }
        for entry in &entries {
            machine.apply(entry, payloads).map_err(io::Error::other)?;
        }
    }
    Ok(machine)
}
