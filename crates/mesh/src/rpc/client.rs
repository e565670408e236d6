//! The asking side of a connection: the table of waiting calls, and the loop that reads the answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use parking_lot::Mutex;
use tokio::io::AsyncRead;
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::{CallError, NotSentReason, UnknownReason};
use crate::handshake::{Admission, Admitted, PeerChain};
use crate::limits::{LaneLimits, Limits};
use crate::rpc::fair::first_of;
use crate::rpc::ping::{ConnectionEnd, farewell, goodbye, keep_alive, linger};
use crate::stats::Stats;
use crate::wire::cut::CutReason;
use crate::wire::frame::{Frame, Kind};
use crate::wire::outbox::Outbox;
use crate::wire::reader::FrameReader;
use crate::wire::refused::RefusedBody;
use crate::wire::writer::write_all;

/// A part of the second in which a revocation takes effect on all nodes; several times what a handshake takes.
const DISTRUSTED_GRACE: Duration = Duration::from_millis(300);

/// A handle to the connection; calls may be made from any task.
#[derive(Clone)]
pub(crate) struct RequestClient {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) outbox: Outbox,
    /// One permit a request in flight.
    pub(super) slots: Semaphore,
    /// One permit a byte of requests in flight.
    pub(super) room: Semaphore,
    pub(super) lane_limits: LaneLimits,
    /// Every call that is on its way, also before it has room.
    pub(super) calls: TaskTracker,
    /// The peer shows another certificate now.
    renewal: Notify,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Result<Bytes, CallError>>>>,
    last_id: AtomicU64,
}

impl Shared {
    pub(super) fn register(&self, sender: oneshot::Sender<Result<Bytes, CallError>>) -> u64 {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        self.waiting.lock().insert(id, sender);
        id
    }

    /// Removes an entry; tells whether it was there, that is, whether no answer was delivered.
    pub(super) fn forget(&self, id: u64) -> bool {
        self.waiting.lock().remove(&id).is_some()
    }

    fn answer(&self, id: u64, answer: Result<Bytes, CallError>) {
        let sender = self.waiting.lock().remove(&id);
        // No entry: the caller gave up, and a cancellation is on its way. No receiver: it gives up just now.
        if let Some(sender) = sender {
            let _ = sender.send(answer);
        }
    }

    fn close(&self, end: &ConnectionEnd) {
        self.slots.close();
        self.room.close();
        for id in self.outbox.close() {
            self.answer(id, Err(CallError::NotSent(NotSentReason::ConnectionEnded)));
        }
        let waiting = std::mem::take(&mut *self.waiting.lock());
        let mut waiting: Vec<_> = waiting.into_iter().collect();
        // In the order of the calls, so that equal runs stay equal.
        waiting.sort_unstable_by_key(|(id, _)| *id);
        for (_, sender) in waiting {
            let reason = UnknownReason::ConnectionEnded(end.to_string());
            let _ = sender.send(Err(CallError::Unknown(reason)));
        }
    }
}

/// Fails the waiting calls also when the task that runs the connection is aborted.
struct CloseOnDrop(Arc<Shared>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close(&ConnectionEnd::Stopped);
    }
}

impl RequestClient {
    pub(crate) fn new(lane_limits: LaneLimits) -> Self {
        let shared = Shared {
            outbox: Outbox::default(),
            slots: Semaphore::new(lane_limits.in_flight_max),
            room: Semaphore::new(lane_limits.queued_max_bytes),
            lane_limits,
            calls: TaskTracker::new(),
            renewal: Notify::new(),
            waiting: Mutex::default(),
            last_id: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Requests that have no answer yet.
    pub(crate) fn in_flight(&self) -> usize {
        self.shared.waiting.lock().len()
    }

    /// Returns when the peer has another certificate to show, which takes a new connection.
    pub(crate) async fn peer_shows_another(&self) {
        self.shared.renewal.notified().await;
    }

    /// Takes no further calls: those that have no room yet are told that they were not sent.
    pub(crate) fn retire(&self) {
        self.shared.slots.close();
        self.shared.room.close();
        self.shared.calls.close();
    }

    /// Returns when a retired connection has answered all its calls.
    pub(crate) async fn answered(&self) {
        self.shared.calls.wait().await;
    }

    /// Whether both are the same connection.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Runs the connection to its end, then fails what still waits.
    pub(crate) async fn run(
        &self,
        admitted: Admitted,
        admission: &Admission,
        stats: &Arc<Stats>,
        stop: &CancellationToken,
    ) -> ConnectionEnd {
        let shared = &self.shared;
        let _close = CloseOnDrop(shared.clone());
        stats.heard();
        let (read, mut write) = tokio::io::split(admitted.stream);
        let mut reader = FrameReader::new(read, shared.lane_limits.body_max_bytes, stats.clone());
        let limits: &Limits = &admission.limits;
        let end = {
            let writing = write_all(&mut write, &shared.outbox, limits, stats).fuse();
            let mut writing = std::pin::pin!(writing);
            let traffic = first_of(read_answers(&mut reader, shared, stats), writing.as_mut().map(ConnectionEnd::from));
            let end = tokio::select! {
                // What is rare and needs no budget goes before what may be ready at every poll.
                biased;
                () = stop.cancelled() => ConnectionEnd::Stopped,
                () = outstayed(admission, &admitted.chain) => ConnectionEnd::Cut(CutReason::Distrusted),
                end = keep_alive(&shared.outbox, &shared.lane_limits, stats) => end,
                end = traffic => end,
            };
            if end.can_be_told() {
                for id in shared.outbox.finish(goodbye(&end)) {
                    shared.answer(id, Err(CallError::NotSent(NotSentReason::ConnectionEnded)));
                }
                farewell(&mut writing).await;
            } else if let ConnectionEnd::Cut(reason) = &end {
                admission.remember_cut(admitted.peer.node_id, admitted.peer.lane, *reason);
            }
            end
        };
        shared.close(&end);
        if end.can_be_told() {
            linger(&mut reader, &mut write).await;
        }
        end
    }
}

/// A peer whose certificate was revoked because it has a new one shows that on a new connection, which takes over; this one
/// goes on only as long as that takes.
async fn outstayed(admission: &Admission, chain: &PeerChain) {
    admission.distrusted(chain).await;
    tokio::time::sleep(DISTRUSTED_GRACE).await;
}

async fn read_answers<R: AsyncRead + Unpin>(
    reader: &mut FrameReader<R>,
    shared: &Shared,
    stats: &Stats,
) -> ConnectionEnd {
    loop {
        let frame = match reader.next().await {
            Ok(frame) => frame,
            Err(error) => return ConnectionEnd::from(error),
        };
        match frame.kind {
            Kind::Response => shared.answer(frame.id, Ok(frame.body)),
            Kind::Refused => shared.answer(frame.id, Err(RefusedBody::decode(frame.body).into())),
            // The id of a ping is the time when it was made.
            Kind::Pong => stats.measured(stats.monotonic_us().saturating_sub(frame.id)),
            Kind::Ping => {
                if shared.outbox.push_control(Frame::bare(Kind::Pong, frame.id)).is_err() {
                    return ConnectionEnd::Cut(CutReason::Flood);
                }
            }
            Kind::Renew => shared.renewal.notify_one(),
            Kind::Goodbye => return ConnectionEnd::CutByPeer(CutReason::from_code(frame.id)),
            _ => return ConnectionEnd::Cut(CutReason::Malformed),
        }
    }
}
