//! Puts a batch into the log of this node, if it is the primary.

use openraft::errors::{ClientWriteError, ForwardToLeader};
use openraft::impls::ProgressResponder;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use crate::machine::BatchReply;
use crate::types::{Payload, Raft, TypeConfig};

/// Why a batch was not applied, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum WriteFailure {
    /// This node does not lead, or is not sure that it does: the batch was not appended. Who leads, if known.
    NotPrimary(Option<u64>),
    /// The batch may have been appended.
    Unknown,
    /// This node takes no more: the batch was not appended.
    Refused,
}

pub(crate) async fn write(raft: &Raft, payload: Payload, deadline: Instant) -> Result<BatchReply, WriteFailure> {
    let (responder, completed) = ProgressResponder::<TypeConfig, _>::complete_only();
    raft.client_write_ff(payload, Some(responder)).await.map_err(|_| WriteFailure::Refused)?;
    let result = timeout_at(deadline, completed).await.map_err(|_| WriteFailure::Unknown)?;
    match result.map_err(|_| WriteFailure::Unknown)? {
        Ok(response) => Ok(response.data),
        Err(ClientWriteError::ForwardToLeader(ForwardToLeader { leader_id, .. })) => {
            Err(WriteFailure::NotPrimary(leader_id))
        }
        // The entry was there and was given up for another leader's log; it may have been committed before.
        Err(ClientWriteError::LogEntryDiscarded(_)) => Err(WriteFailure::Unknown),
        Err(_) => Err(WriteFailure::Unknown),
    }
}
