//! `AppendEntries` in a pipeline: further ones travel while a follower still writes and syncs the first.
//!
//! The transport hands them over in the order in which they were sent, and so they reach Raft. One that fails makes those
//! behind it of no use: the pipeline ends, and openraft begins another one where the follower stands.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt};
use openraft::OptionalSend;
use openraft::base::BoxStream;
use openraft::errors::NetworkError;
use openraft::raft::{AppendEntriesRequest, StreamAppendError, StreamAppendResult};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until};

use super::client::{PeerClient, RpcError};
use crate::types::{LogId, TypeConfig};
use crate::wire::{self, WireError};

/// On the way to one follower at any time: one is synced while the other travels. Entries that come meanwhile share the
/// next.
const SLOTS: usize = 2;
/// Over a long link one more goes out this long after the one before, so that an entry does not wait for answers to others.
const PACE: Duration = Duration::from_millis(5);
/// What only says how far the log is committed waits so long for entries that say it as well, unless the follower waits for
/// it: one write after the other then costs each follower one message instead of two, and one answer.
const COMMIT_WAITS: Duration = Duration::from_millis(2);
/// As long as no more than this is on the way: on a narrow link more would only wait in front of it.
const BYTES_ON_THE_WAY: usize = 4 << 20;
/// More than fit into the time in which a request must be answered.
const ON_THE_WAY_MAX: usize = 512;

type Answer = Result<StreamAppendResult<TypeConfig>, RpcError>;

/// It came before the one that it follows, as may be when the connection between them was replaced.
#[derive(Debug, thiserror::Error)]
#[error("AppendEntries after {after} came before its predecessor")]
struct Overtook {
    after: LogId,
}

pub(super) fn stream_append<'s, S>(client: &'s PeerClient, requests: S) -> BoxStream<'s, Answer>
where
    S: Stream<Item = AppendEntriesRequest<TypeConfig>> + OptionalSend + Unpin + 'static,
{
    let answers = paced(client, requests).map(|message| append(client, message)).buffered(ON_THE_WAY_MAX);
    let first = Some((Box::pin(answers), true));
    Box::pin(stream::unfold(first, |state| async move {
        let (mut answers, is_first) = state?;
        let (answer, goes_on) = answers.next().await?;
        let answer = if is_first { answer } else { following(answer) };
        Some((answer, goes_on.then_some((answers, false))))
    }))
}

/// A request that may go out.
struct Message {
    before: Option<LogId>,
    last: Option<LogId>,
    encoded: Result<Bytes, WireError>,
    _on_the_way: OnTheWay,
}

struct OnTheWay {
    _slot: Option<OwnedSemaphorePermit>,
    length: usize,
    bytes: Arc<AtomicUsize>,
}

impl Drop for OnTheWay {
    fn drop(&mut self) {
        self.bytes.fetch_sub(self.length, Ordering::Relaxed);
    }
}

struct Gate {
    slots: Arc<Semaphore>,
    bytes: Arc<AtomicUsize>,
    sent: Instant,
    /// The commit that was told last.
    told: u64,
}

impl Gate {
    /// Waits until a request may go out.
    async fn pass(&self) -> Option<OwnedSemaphorePermit> {
        let has_room = self.bytes.load(Ordering::Relaxed) < BYTES_ON_THE_WAY;
        tokio::select! {
            biased;
            slot = Arc::clone(&self.slots).acquire_owned() => slot.ok(),
            () = sleep_until(self.sent + PACE), if has_room => None,
        }
    }

    fn on_the_way(&self, slot: Option<OwnedSemaphorePermit>, length: usize) -> OnTheWay {
        self.bytes.fetch_add(length, Ordering::Relaxed);
        OnTheWay { _slot: slot, length, bytes: Arc::clone(&self.bytes) }
    }
}

/// Requests are taken when they may go out and not before, so that each carries all that is there then.
fn paced<S>(client: &PeerClient, requests: S) -> impl Stream<Item = Message>
where
    S: Stream<Item = AppendEntriesRequest<TypeConfig>> + Unpin,
{
    let requests = requests.fuse();
    let gate = Gate { slots: Arc::new(Semaphore::new(SLOTS)), bytes: Arc::default(), sent: Instant::now(), told: 0 };
    stream::unfold((requests, gate), move |(mut requests, mut gate)| async move {
        let slot = gate.pass().await;
        let request = requests.next().await?;
        let request = with_entries(request, &mut requests, client.awaits_beyond(gate.told)).await;
        let before = request.prev_log_id;
        let last = request.entries.last().map_or(before, |entry| Some(entry.log_id));
        let encoded = wire::encode_append(&request);
        let on_the_way = gate.on_the_way(slot, encoded.as_ref().map_or(0, Bytes::len));
        gate.sent = Instant::now();
        gate.told = request.leader_commit.map_or(0, |id| id.index);
        Some((Message { before, last, encoded, _on_the_way: on_the_way }, (requests, gate)))
    })
}

/// The request, or a later one with entries that came soon. openraft counts the answer to that one for both.
async fn with_entries<S>(
    mut request: AppendEntriesRequest<TypeConfig>,
    requests: &mut S,
    awaited: impl Future<Output = ()>,
) -> AppendEntriesRequest<TypeConfig>
where
    S: Stream<Item = AppendEntriesRequest<TypeConfig>> + Unpin,
{
    let soon = async {
        while request.entries.is_empty()
            && let Some(later) = requests.next().await
        {
            request = later;
        }
    };
    tokio::select! {
        biased;
        () = soon => {}
        () = awaited => {}
        () = sleep(COMMIT_WAITS) => {}
    }
    request
}

/// The answer, and whether what follows is of use.
async fn append(client: &PeerClient, message: Message) -> (Answer, bool) {
    let Message { before, last, encoded, _on_the_way } = message;
    match client.append(encoded).await {
        Ok(answer) => {
            let result = answer.into_stream_result(before, last);
            let is_whole = matches!(&result, Ok(reached) if *reached == last);
            (Ok(result), is_whole)
        }
        Err(error) => (Err(error), false),
    }
}

/// The answer to a request that follows what this follower has just acknowledged: that cannot conflict. Passed on, a
/// conflict would tell openraft that the follower has lost its log.
fn following(answer: Answer) -> Answer {
    match answer {
        Ok(Err(StreamAppendError::Conflict(after))) => Err(NetworkError::new(&Overtook { after }).into()),
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use openraft::entry::RaftEntry;
    use openraft::errors::RPCError;

    use super::*;
    use crate::types::{Entry, Vote, log_id};

    #[test]
    fn what_follows_an_acknowledged_request_cannot_conflict() {
        let id = log_id(3, 7);
        let conflict = following(Ok(Err(StreamAppendError::Conflict(id))));
        assert!(matches!(conflict, Err(RPCError::Network(_))), "{conflict:?}");
        assert_eq!(following(Ok(Ok(Some(id)))).unwrap(), Ok(Some(id)));
    }

    /// What goes out, and when, if a commit is told alone and entries come `later`.
    async fn commit_alone(later: Duration, awaited: impl Future<Output = ()>) -> (usize, Duration) {
        let request = |entries: &[u64]| AppendEntriesRequest {
            vote: Vote { leader_id: crate::types::LeaderId { term: 3, voted_for: 1 }, committed: true },
            prev_log_id: Some(log_id(3, 7)),
            entries: entries.iter().map(|index| Entry::new_blank(log_id(3, *index))).collect(),
            leader_commit: Some(log_id(3, 7)),
        };
        let with_entry = request(&[8]);
        let mut requests = Box::pin(stream::once(async move {
            sleep(later).await;
            with_entry
        }));
        let start = Instant::now();
        (with_entries(request(&[]), &mut requests, awaited).await.entries.len(), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_commit_goes_with_entries_that_come_soon_and_at_once_when_it_is_awaited() {
        let (soon, nobody) = (COMMIT_WAITS / 2, std::future::pending::<()>);
        assert_eq!(commit_alone(soon, nobody()).await, (1, soon));
        assert_eq!(commit_alone(COMMIT_WAITS * 9, nobody()).await, (0, COMMIT_WAITS));
        assert_eq!(commit_alone(soon, async {}).await, (0, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn two_go_out_at_once_and_one_more_each_pace_while_there_is_room() {
        let gate = |bytes| Gate {
            slots: Arc::new(Semaphore::new(SLOTS)),
            bytes: Arc::new(AtomicUsize::new(bytes)),
            sent: Instant::now(),
            told: 0,
        };
        let start = Instant::now();
        let roomy = gate(0);
        let (first, second) = (roomy.pass().await, roomy.pass().await);
        assert!(first.is_some() && second.is_some() && start.elapsed().is_zero());
        assert!(roomy.pass().await.is_none(), "no slot is free");
        assert_eq!(start.elapsed(), PACE);

        let full = gate(BYTES_ON_THE_WAY);
        let (first, _second) = (full.pass().await, full.pass().await);
        let waiting = async { tokio::time::timeout(PACE * 100, full.pass()).await };
        assert!(waiting.await.is_err(), "only an answer makes room");
        drop(first);
        assert!(full.pass().await.is_some());
    }
}
