//! Answers the batches that other nodes forward to the primary.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::{WriteFailure, write};
use crate::batch;
use crate::machine::BatchReply;
use crate::types::{Payload, Raft};
use crate::wire::{self, Refusal};

/// Batches of other nodes that are under way here: each node sends few at a time. One more is refused, and its sender
/// tries again.
const FORWARDED_MAX: usize = 64;

/// What became of a forwarded batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum ForwardReply {
    Applied(BatchReply),
    Failed(WriteFailure),
    Overloaded,
}

pub(crate) struct ForwardServer {
    raft: Raft,
    timeout: Duration,
    slots: Semaphore,
}

impl ForwardServer {
    pub(crate) fn new(raft: Raft, timeout: Duration) -> Self {
        Self { raft, timeout, slots: Semaphore::new(FORWARDED_MAX) }
    }

    /// The body is the batch as it is. It is checked here, since an entry that cannot be read would stop every node.
    pub(crate) async fn handle(&self, body: Bytes) -> Result<Bytes, Refusal> {
        let payload = Payload(body);
        batch::decode(&payload)?;
        let Ok(_slot) = self.slots.try_acquire() else {
            return wire::answer(&ForwardReply::Overloaded);
        };
        let reply = match write(&self.raft, payload, Instant::now() + self.timeout).await {
            Ok(reply) => ForwardReply::Applied(reply),
            Err(failure) => ForwardReply::Failed(failure),
        };
        wire::answer(&reply)
    }
}
