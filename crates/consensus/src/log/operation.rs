//! What the writer is asked to do, in the order of asking.

use std::io;

use openraft::storage::IOFlushed;
use tokio::sync::oneshot;

use crate::types::{Entry, EntryPayload, LogId, TypeConfig, Vote};

/// An operation, and how far the log was committed when it was asked for. That position goes with the next operation: it only
/// spares work after a restart, so it is worth neither a sync of its own nor waking the writer.
pub(super) struct Request {
    pub(super) operation: Operation,
    pub(super) committed: Option<LogId>,
}

pub(super) enum Operation {
    Append {
        entries: Vec<Entry>,
        callback: IOFlushed<TypeConfig>,
    },
    SaveVote {
        vote: Vote,
        done: oneshot::Sender<io::Result<()>>,
    },
    TruncateAfter(Option<LogId>),
    Purge(LogId),
    /// The last operation: everything before it is durable when it is done, the commit position too.
    Close {
        done: oneshot::Sender<io::Result<()>>,
    },
}

impl Request {
    /// About how many bytes it takes in a frame.
    pub(super) fn size_bytes(&self) -> usize {
        match &self.operation {
            Operation::Append { entries, .. } => entries.iter().map(entry_bytes).sum(),
            _ => 64,
        }
    }
}

fn entry_bytes(entry: &Entry) -> usize {
    match &entry.payload {
        EntryPayload::Normal(batch) => batch.0.len() + 32,
        _ => 64,
    }
}

/// Somebody who waits until what was written is durable.
pub(super) enum Waiter {
    Append(IOFlushed<TypeConfig>),
    Done(oneshot::Sender<io::Result<()>>),
}

impl Waiter {
    pub(super) fn complete(self, result: io::Result<()>) {
        match self {
            Self::Append(callback) => callback.io_completed(result),
            // A caller that no longer waits has no use for the result.
            Self::Done(done) => drop(done.send(result)),
        }
    }
}
