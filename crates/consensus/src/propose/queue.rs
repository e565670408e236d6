//! Takes proposals and groups them. A lone one goes out at once; while earlier groups are under way the next one grows.

use std::sync::Arc;
use std::time::Duration;

use flotilla_model::Command;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Applied, Dispatcher, ProposeError};
use crate::batch::{self, BATCH_BYTES_MAX, Commands};

/// Proposals that wait, in number and in bytes. Who comes later waits for room until its own time limit, then is told
/// "overloaded". 16 MiB are some thirty full groups: more than a second of work.
const QUEUE_PROPOSALS: usize = 8192;
const QUEUE_BYTES: usize = 16 << 20;
/// Groups under way: enough to keep the disk busy while answers travel, few enough that groups grow under load.
const GROUPS_IN_FLIGHT: usize = 8;

type Answer = Result<Vec<Applied>, ProposeError>;

struct Proposal {
    commands: Commands,
    deadline: Instant,
    answer: oneshot::Sender<Answer>,
    _room: OwnedSemaphorePermit,
}

/// The entrance; clones share it.
#[derive(Clone)]
pub(crate) struct Proposer {
    queue: mpsc::Sender<Proposal>,
    room: Arc<Semaphore>,
    timeout: Duration,
}

impl Proposer {
    /// Starts the task that groups. It ends when `stop` is cancelled; groups under way are tracked by `tasks`.
    pub(crate) fn start(
        dispatcher: Dispatcher,
        timeout: Duration,
        stop: CancellationToken,
        tasks: &TaskTracker,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_PROPOSALS);
        tasks.spawn(group(waiting, dispatcher, stop, tasks.clone()));
        Self { queue, room: Arc::new(Semaphore::new(QUEUE_BYTES)), timeout }
    }

    pub(crate) async fn propose(&self, commands: &[Command]) -> Answer {
        let commands =
            Commands::encode(commands).map_err(|error| ProposeError::Encoding { reason: error.to_string() })?;
        if commands.count == 0 {
            return Ok(Vec::new());
        }
        if !commands.fits() {
            return Err(ProposeError::TooLarge { bytes: commands.bytes.len(), commands: commands.count });
        }
        let deadline = Instant::now() + self.timeout;
        let bytes = commands.bytes.len().max(1) as u32;
        let room = timeout_at(deadline, Arc::clone(&self.room).acquire_many_owned(bytes)).await;
        let room = room.map_err(|_| ProposeError::Overloaded)?.map_err(|_| ProposeError::Shutdown)?;
        let (answer, answered) = oneshot::channel();
        let proposal = Proposal { commands, deadline, answer, _room: room };
        let sent = timeout_at(deadline, self.queue.send(proposal)).await;
        sent.map_err(|_| ProposeError::Overloaded)?.map_err(|_| ProposeError::Shutdown)?;
        // The group that it is in has a time limit, so there is always an answer.
        answered.await.unwrap_or(Err(ProposeError::Unknown))
    }
}

async fn group(
    mut waiting: mpsc::Receiver<Proposal>,
    dispatcher: Dispatcher,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    let slots = Arc::new(Semaphore::new(GROUPS_IN_FLIGHT));
    let mut next = None;
    loop {
        let received = async {
            match next.take() {
                Some(proposal) => Some(proposal),
                None => waiting.recv().await,
            }
        };
        let first = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            first = received => first,
        };
        let Some(first) = first else { break };
        // While this waits, more proposals come together.
        let slot = tokio::select! {
            biased;
            () = stop.cancelled() => {
                next = Some(first);
                break;
            }
            slot = Arc::clone(&slots).acquire_owned() => slot,
        };
        let (proposals, left) = fill(first, &mut waiting);
        next = left;
        let dispatcher = dispatcher.clone();
        // It is never closed.
        tasks.spawn(carry(proposals, dispatcher, slot.ok()));
    }
    waiting.close();
    let never_sent = next.into_iter().chain(std::iter::from_fn(|| waiting.try_recv().ok()));
    never_sent.for_each(|proposal| drop(proposal.answer.send(Err(ProposeError::Shutdown))));
}

/// Adds what is waiting to the first one, as far as one entry can hold it; returns what did not fit.
fn fill(first: Proposal, waiting: &mut mpsc::Receiver<Proposal>) -> (Vec<Proposal>, Option<Proposal>) {
    let mut size = Commands { count: first.commands.count, bytes: Vec::new() };
    let mut bytes = first.commands.bytes.len();
    let mut proposals = vec![first];
    while let Ok(proposal) = waiting.try_recv() {
        bytes += proposal.commands.bytes.len();
        if bytes > BATCH_BYTES_MAX || !size.fits_with(&proposal.commands) {
            return (proposals, Some(proposal));
        }
        size.count += proposal.commands.count;
        proposals.push(proposal);
    }
    (proposals, None)
}

/// Brings a group to the log and tells each proposer what became of its commands.
async fn carry(proposals: Vec<Proposal>, dispatcher: Dispatcher, slot: Option<OwnedSemaphorePermit>) {
    let now = Instant::now();
    let (proposals, late): (Vec<_>, Vec<_>) = proposals.into_iter().partition(|proposal| proposal.deadline > now);
    late.into_iter().for_each(|proposal| drop(proposal.answer.send(Err(ProposeError::Overloaded))));
    let Some(deadline) = proposals.iter().map(|proposal| proposal.deadline).max() else { return };
    let count: usize = proposals.iter().map(|proposal| proposal.commands.count).sum();
    let payload = batch::join(proposals.iter().map(|proposal| &proposal.commands));
    let reply = match dispatcher.dispatch(payload, deadline, slot).await {
        Ok(reply) if reply.results.len() == count => Ok(reply),
        // Only a peer that is not sane answers so.
        Ok(_) => Err(ProposeError::Unknown),
        Err(error) => Err(error),
    };
    match reply {
        Err(error) => {
            proposals.into_iter().for_each(|proposal| drop(proposal.answer.send(Err(error.clone()))));
        }
        Ok(reply) => {
            let index = reply.index;
            let mut results = reply.results.into_iter().map(|outcome| Applied { index, outcome });
            for proposal in proposals {
                let own = results.by_ref().take(proposal.commands.count).collect();
                drop(proposal.answer.send(Ok(own)));
            }
        }
    }
}
