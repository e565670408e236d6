//! Linearizable reads by ReadIndex: the primary makes sure with a majority that it still is the primary, then the reader
//! waits for what was committed by then. No leases are trusted, so clocks don't matter.

use std::time::Duration;

use bytes::Bytes;
use flotilla_model::NodeId;
use openraft::ReadPolicy;
use openraft::async_runtime::WatchReceiver;
use openraft::errors::{LinearizableReadError, RaftError};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use crate::awaited::Awaited;
use crate::succession::succeeded;
use crate::transport::{Lane, Transport};
use crate::types::Raft;
use crate::wire::{self, Kind, Refusal};

const RETRY_DELAY: Duration = Duration::from_millis(20);

/// Why a read could not be made certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No primary confirmed in time.
    #[error("the cluster has no primary at the moment; try again")]
    NoPrimary,
    /// This node is shutting down.
    #[error("this node is shutting down")]
    Shutdown,
}

/// The index that a reader must have reached; `None`: this node cannot say.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct ReadIndexReply(Option<u64>);

async fn confirm(raft: &Raft) -> Result<Option<u64>, ReadError> {
    match raft.get_read_linearizer(ReadPolicy::ReadIndex).await {
        Ok(linearizer) => Ok(Some(linearizer.read_log_id().log_id().index)),
        Err(RaftError::APIError(LinearizableReadError::ForwardToLeader(_)))
        | Err(RaftError::APIError(LinearizableReadError::QuorumNotEnough(_))) => Ok(None),
        Err(RaftError::Fatal(_)) => Err(ReadError::Shutdown),
    }
}

/// Answers another node.
pub(crate) async fn handle(raft: &Raft, from: NodeId, awaited: &Awaited) -> Result<Bytes, Refusal> {
    let confirmed = confirm(raft).await?;
    if let Some(index) = confirmed {
        awaited.entry(from, index);
    }
    wire::answer(&ReadIndexReply(confirmed))
}

/// The index that a read begun now must wait for.
pub(crate) async fn read_index(
    raft: &Raft,
    node: NodeId,
    transport: &dyn Transport,
    deadline: Instant,
) -> Result<u64, ReadError> {
    let mut metrics = raft.server_metrics();
    loop {
        let leader = metrics.borrow_and_update().current_leader.map(NodeId);
        let confirmed = match leader {
            Some(leader) if leader == node => {
                timeout_at(deadline, confirm(raft)).await.map_err(|_| ReadError::NoPrimary)??
            }
            Some(leader) => tokio::select! {
                biased;
                answer = ask(leader, transport, deadline) => answer,
                () = succeeded(raft, leader) => None,
            },
            None => None,
        };
        if let Some(index) = confirmed {
            return Ok(index);
        }
        if Instant::now() >= deadline {
            return Err(ReadError::NoPrimary);
        }
        let pause = if leader.is_some() { deadline.min(Instant::now() + RETRY_DELAY) } else { deadline };
        if let Ok(Err(_)) = timeout_at(pause, metrics.changed()).await {
            return Err(ReadError::Shutdown);
        }
    }
}

async fn ask(leader: NodeId, transport: &dyn Transport, deadline: Instant) -> Option<u64> {
    let time_left = deadline.saturating_duration_since(Instant::now());
    let message = Bytes::copy_from_slice(&wire::head(Kind::ReadIndex));
    let answer = timeout_at(deadline, transport.call(leader, Lane::Control, message, time_left)).await;
    let reply = wire::accept_answer::<ReadIndexReply>(&answer.ok()?.ok()?);
    reply.ok()?.0
}
