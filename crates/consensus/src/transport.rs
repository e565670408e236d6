//! The port to the mesh: how a node calls another one.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flotilla_model::NodeId;

/// Which connection a call takes, so that bulk never delays what keeps the cluster alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Raft's own messages.
    Raft,
    /// Forwarded proposals and reads.
    Control,
}

/// Why a call brought no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The peer certainly did not get the request: refused, reset before it was sent, no such peer.
    #[error("node cannot be reached: {reason}")]
    Unreachable {
        /// What happened.
        reason: String,
    },
    /// The peer may have got the request, and may have acted on it: no answer in time, connection lost meanwhile.
    #[error("no answer from node: {reason}")]
    Unknown {
        /// What happened.
        reason: String,
    },
}

/// Calls other nodes. The other end answers with [`crate::Consensus::handle`], whose first poll comes in the order of the
/// calls of a lane, as long as one connection carries them.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` to a node and returns its answer, within `deadline`.
    async fn call(&self, to: NodeId, lane: Lane, request: Bytes, deadline: Duration) -> Result<Bytes, TransportError>;
}
