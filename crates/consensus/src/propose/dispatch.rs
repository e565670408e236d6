//! Brings a batch to the primary, wherever it is; waits for one while there is none.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flotilla_model::NodeId;
use openraft::async_runtime::WatchReceiver;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, timeout_at};

use super::{ForwardReply, ProposeError, WriteFailure, write};
use crate::machine::BatchReply;
use crate::state_machine::Published;
use crate::succession::succeeded;
use crate::transport::{Lane, Transport, TransportError};
use crate::types::{Payload, Raft};
use crate::wire::{self, Kind};

/// Before asking the same node again that just refused.
const RETRY_DELAY: Duration = Duration::from_millis(20);
/// No try is begun with less time left: it could end in "unknown" where "nothing was changed" is still certain.
const TIME_TO_TRY: Duration = Duration::from_millis(100);
/// A former primary that works may still answer: after a hand-over it has the entry from its successor. Some round trips of
/// a long link.
const LAST_ANSWER_TIMEOUT: Duration = Duration::from_millis(500);
/// How long a proposer waits until its own node shows what the primary has applied. Then it is answered anyhow.
const READ_YOUR_WRITES_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct Dispatcher {
    pub(crate) node: NodeId,
    pub(crate) raft: Raft,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) published: Arc<Published>,
}

/// What to do after a try.
enum Try {
    Done(BatchReply),
    /// Nothing was changed: look for the primary again.
    Again,
    Failed(ProposeError),
}

impl Dispatcher {
    /// `place` is the group's among those under way. It is given up early when the group waits for a former primary, so that
    /// others can go to the new one.
    pub(crate) async fn dispatch(
        &self,
        payload: Payload,
        deadline: Instant,
        mut place: Option<OwnedSemaphorePermit>,
    ) -> Result<BatchReply, ProposeError> {
        let mut metrics = self.raft.server_metrics();
        loop {
            let leader = metrics.borrow_and_update().current_leader.map(NodeId);
            let tried = match leader {
                Some(leader) if leader == self.node => self.write_here(payload.clone(), deadline).await,
                Some(leader) => self.forward(leader, &payload, deadline, &mut place).await,
                None => Try::Again,
            };
            match tried {
                Try::Done(reply) => return Ok(reply),
                Try::Failed(error) => return Err(error),
                Try::Again => {}
            }
            let pause = if leader.is_some() { Instant::now() + RETRY_DELAY } else { deadline };
            if let Ok(Err(_)) = timeout_at(pause, metrics.changed()).await {
                return Err(ProposeError::Shutdown);
            }
            if Instant::now() + TIME_TO_TRY > deadline {
                return Err(ProposeError::NoPrimary);
            }
        }
    }

    async fn write_here(&self, payload: Payload, deadline: Instant) -> Try {
        match write(&self.raft, payload, deadline).await {
            Ok(reply) => Try::Done(reply),
            Err(failure) => after(failure, ProposeError::Shutdown),
        }
    }

    async fn forward(
        &self,
        leader: NodeId,
        payload: &Payload,
        deadline: Instant,
        place: &mut Option<OwnedSemaphorePermit>,
    ) -> Try {
        let mut message = Vec::with_capacity(payload.0.len() + 2);
        message.extend_from_slice(&wire::head(Kind::Forward));
        message.extend_from_slice(&payload.0);
        let time_left = deadline.saturating_duration_since(Instant::now());
        let call = self.transport.call(leader, Lane::Control, Bytes::from(message), time_left);
        let in_vain = async {
            succeeded(&self.raft, leader).await;
            drop(place.take());
            sleep(LAST_ANSWER_TIMEOUT).await;
        };
        let answered = tokio::select! {
            biased;
            answered = timeout_at(deadline, call) => answered.ok(),
            () = in_vain => None,
        };
        let answer = match answered {
            Some(Ok(answer)) => answer,
            Some(Err(TransportError::Unreachable { .. })) => return Try::Again,
            Some(Err(TransportError::Unknown { .. })) | None => return Try::Failed(ProposeError::Unknown),
        };
        match wire::accept_answer(&answer) {
            Ok(ForwardReply::Applied(reply)) => {
                self.wait_until_visible(reply.index).await;
                Try::Done(reply)
            }
            Ok(ForwardReply::Failed(failure)) => match after(failure, ProposeError::NoPrimary) {
                // The peer is shutting down, this node is not.
                Try::Failed(ProposeError::NoPrimary) => Try::Again,
                other => other,
            },
            Ok(ForwardReply::Overloaded) => Try::Again,
            Err(error) => {
                tracing::warn!(%leader, %error, "the primary did not take a batch");
                Try::Failed(ProposeError::Unknown)
            }
        }
    }

    /// Who has proposed on this node sees its own change here.
    async fn wait_until_visible(&self, index: u64) {
        // Late or not: the change is made, and the view will come.
        drop(tokio::time::timeout(READ_YOUR_WRITES_TIMEOUT, self.published.view_at(index)).await);
    }
}

fn after(failure: WriteFailure, refused: ProposeError) -> Try {
    match failure {
        WriteFailure::NotPrimary(_) => Try::Again,
        WriteFailure::Unknown => Try::Failed(ProposeError::Unknown),
        WriteFailure::Refused => Try::Failed(refused),
    }
}
