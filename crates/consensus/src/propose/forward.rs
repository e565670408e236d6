//! Answers the batches that other nodes forward to the primary.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flotilla_model::NodeId;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::{WriteFailure, write};
use crate::awaited::Awaited;
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
    awaited: Arc<Awaited>,
    slots: Semaphore,
}

impl ForwardServer {
    pub(crate) fn new(raft: Raft, timeout: Duration, awaited: Arc<Awaited>) -> Self {
        Self { raft, timeout, awaited, slots: Semaphore::new(FORWARDED_MAX) }
    }

    /// The body is the batch as it is. It is checked here, since an entry that cannot be read would stop every node.
    pub(crate) async fn handle(&self, from: NodeId, body: Bytes) -> Result<Bytes, Refusal> {
        let payload = Payload(body);
        batch::decode(&payload)?;
        let Ok(_slot) = self.slots.try_acquire() else {
            return wire::answer(&ForwardReply::Overloaded);
        };
        let batch = self.awaited.batch(from);
        let reply = match write(&self.raft, payload, Instant::now() + self.timeout).await {
            Ok(reply) => {
                batch.applied(reply.index);
                ForwardReply::Applied(reply)
            }
            Err(failure) => ForwardReply::Failed(failure),
        };
        wire::answer(&reply)
    }
}
