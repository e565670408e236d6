//! The replicated state machine around [`flotilla_model::State`]: the one place that applies commands.

use std::collections::VecDeque;

use flotilla_model::{Command, Outcome, Rejection, State};
use openraft::entry::RaftEntry;
use serde::{Deserialize, Serialize};

use crate::batch::{self, BatchError};
use crate::payloads::PayloadStore;
use crate::types::{Entry, EntryPayload, LogId, SnapshotMeta, StoredMembership, term_of};

/// A digest is kept at every index that is a multiple of this, for comparison between nodes.
pub const CHECKPOINT_INTERVAL: u64 = 1024;
const CHECKPOINTS_MAX: usize = 64;
/// The same, close together, of the last entries only: for a comparison that is made now.
const RECENT_INTERVAL: u64 = 16;
const RECENT_MAX: usize = 256;

/// The state at an index of the log. Cheap to clone, immutable.
#[derive(Clone, Default)]
pub struct View {
    /// Index of the last entry that is in it; 0 before the first.
    pub index: u64,
    /// Term of that entry.
    pub term: u64,
    /// Digest of the state: equal on all nodes at equal indices.
    pub digest: u64,
    /// The state.
    pub state: State,
}

impl std::fmt::Debug for View {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "View(index {}, term {}, digest {:016x})", self.index, self.term, self.digest)
    }
}

/// The digest of the state at an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Index of the log.
    pub index: u64,
    /// Digest there.
    pub digest: u64,
}

/// What the commands of one entry answered, in their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct BatchReply {
    pub(crate) index: u64,
    pub(crate) results: Vec<Result<Outcome, Rejection>>,
}

/// Why an entry could not be applied. The node must stop: going on would make it differ from the others.
#[derive(Debug, thiserror::Error)]
#[error("log entry {index} cannot be applied")]
pub(crate) struct ApplyError {
    index: u64,
    source: BatchError,
}

/// The state, and what Raft wants to know about it.
#[derive(Clone, Default)]
pub(crate) struct Machine {
    state: State,
    applied: Option<LogId>,
    membership: StoredMembership,
    checkpoints: VecDeque<Checkpoint>,
    recent: VecDeque<Checkpoint>,
}

impl Machine {
    /// The state that a snapshot holds.
    pub(crate) fn from_snapshot(meta: &SnapshotMeta, state: State) -> Self {
        let membership = meta.last_membership.clone();
        Self { state, applied: meta.last_log_id, membership, ..Self::default() }
    }

    /// The same place in the log with another state.
    pub(crate) fn with_state(&self, state: State) -> Self {
        Self { state, applied: self.applied, membership: self.membership.clone(), ..Self::default() }
    }

    /// What a snapshot of this state is about.
    pub(crate) fn meta(&self) -> SnapshotMeta {
        SnapshotMeta { last_log_id: self.applied, last_membership: self.membership.clone() }
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn applied(&self) -> Option<LogId> {
        self.applied
    }

    pub(crate) fn membership(&self) -> &StoredMembership {
        &self.membership
    }

    pub(crate) fn checkpoints(&self) -> Vec<Checkpoint> {
        self.checkpoints.iter().copied().collect()
    }

    /// Close together, oldest first.
    pub(crate) fn recent(&self) -> Vec<Checkpoint> {
        self.recent.iter().copied().collect()
    }

    pub(crate) fn view(&self) -> View {
        let (term, index) = self.applied.map_or((0, 0), |id| (term_of(&id), id.index));
        View { index, term, digest: self.state.digest(), state: self.state.clone() }
    }

    /// The data of events that are beyond what shall be in memory goes to `payloads`.
    pub(crate) fn apply(&mut self, entry: &Entry, payloads: &PayloadStore) -> Result<BatchReply, ApplyError> {
        let index = entry.index();
        let mut results = Vec::new();
        match &entry.payload {
            EntryPayload::Blank => {}
            EntryPayload::Membership(membership) => {
                self.membership = StoredMembership::new(Some(entry.log_id), membership.clone());
            }
            EntryPayload::Normal(payload) => {
                let mut commands = batch::decode(payload).map_err(|source| ApplyError { index, source })?;
                if self.state.queue_memory_is_full() {
                    commands.iter_mut().flat_map(Command::payloads_mut).for_each(|data| payloads.take(data));
                }
                results.extend(commands.iter().map(|command| self.state.apply(command)));
            }
        }
        self.applied = Some(entry.log_id);
        if index.is_multiple_of(CHECKPOINT_INTERVAL) {
            keep(&mut self.checkpoints, CHECKPOINTS_MAX, Checkpoint { index, digest: self.state.digest() });
        }
        if index.is_multiple_of(RECENT_INTERVAL) {
            keep(&mut self.recent, RECENT_MAX, Checkpoint { index, digest: self.state.digest() });
        }
        Ok(BatchReply { index, results })
    }
}

fn keep(checkpoints: &mut VecDeque<Checkpoint>, most: usize, checkpoint: Checkpoint) {
    checkpoints.push_back(checkpoint);
    while checkpoints.len() > most {
        checkpoints.pop_front();
    }
}
