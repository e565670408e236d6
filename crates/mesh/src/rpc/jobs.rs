//! The requests of a peer that are being worked on: bounded, cancellable by id, dropped with the connection.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{AbortHandle, Abortable, BoxFuture};
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Semaphore;

use crate::error::{CODE_ANSWER_TOO_LONG, CODE_DEADLINE, CODE_PANIC};
use crate::handler::Handler;
use crate::identity::PeerIdentity;
use crate::limits::LaneLimits;
use crate::wire::frame::{Frame, Kind};
use crate::wire::outbox::Outbox;
use crate::wire::refused::{RefusedBody, RefusedClass};

/// The asking side counts a request until it has the answer, we until it is queued; a cancelled one may overlap with
/// its successor. So an honest peer never meets a limit of twice its own.
const SLACK: usize = 2;

/// They run in the connection's own task: a task for each would wake another thread for what mostly waits for somebody else.
pub(super) struct Jobs {
    context: Arc<JobContext>,
    running: FuturesUnordered<Abortable<BoxFuture<'static, u64>>>,
    handles: HashMap<u64, AbortHandle>,
}

struct JobContext {
    handler: Arc<dyn Handler>,
    peer: PeerIdentity,
    limits: LaneLimits,
    outbox: Arc<Outbox>,
    /// One permit a byte of answers that wait to be written.
    answer_room: Arc<Semaphore>,
    request_bytes: AtomicUsize,
}

/// Gives the bytes of a request back when its task ends, however it ends.
struct RequestBytes {
    context: Arc<JobContext>,
    bytes: usize,
}

impl Drop for RequestBytes {
    fn drop(&mut self) {
        self.context.request_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Jobs {
    pub(super) fn new(handler: Arc<dyn Handler>, peer: PeerIdentity, limits: LaneLimits, outbox: Arc<Outbox>) -> Self {
        let answer_room = Arc::new(Semaphore::new(limits.queued_max_bytes));
        let request_bytes = AtomicUsize::new(0);
        let context = JobContext { handler, peer, limits, outbox, answer_room, request_bytes };
        Self { context: Arc::new(context), running: FuturesUnordered::new(), handles: HashMap::new() }
    }

    /// Begins a request; `false` if there is no room for it. Its handler takes the first step here, in the order in which
    /// requests came.
    pub(super) fn begin(&mut self, request: Frame) -> bool {
        let context = &self.context;
        let bytes = request.body.len();
        let held = context.request_bytes.load(Ordering::Relaxed);
        let limits = &context.limits;
        if self.handles.len() >= limits.in_flight_max * SLACK || held + bytes > limits.queued_max_bytes * SLACK {
            return false;
        }
        context.request_bytes.fetch_add(bytes, Ordering::Relaxed);
        let bytes = RequestBytes { context: context.clone(), bytes };
        let id = request.id;
        let mut job = async move {
            run(&bytes.context, request).await;
            id
        }
        .boxed();
        if job.as_mut().now_or_never().is_none() {
            let (handle, registration) = AbortHandle::new_pair();
            self.handles.insert(id, handle);
            self.running.push(Abortable::new(job, registration));
        }
        true
    }

    pub(super) fn cancel(&mut self, id: u64) {
        if let Some(handle) = self.handles.remove(&id) {
            handle.abort();
        }
    }

    /// Waits until one has ended; pends when there is none. Cancel-safe.
    pub(super) async fn one_ended(&mut self) {
        match self.running.next().await {
            Some(Ok(id)) => {
                self.handles.remove(&id);
            }
            // Cancelled, and taken out of the table then.
            Some(Err(_)) => {}
            None => std::future::pending().await,
        }
    }

    /// Waits until all have ended, at most so long.
    pub(super) async fn drain(&mut self, timeout: Duration) {
        let all_ended = async { while self.running.next().await.is_some() {} };
        // What is left is dropped with the set.
        let _ = tokio::time::timeout(timeout, all_ended).await;
    }
}

async fn run(context: &JobContext, request: Frame) {
    let id = request.id;
    let timeout = Duration::from_millis(u64::from(request.deadline_ms));
    let asked = context.handler.request(context.peer.node_id, context.peer.lane, request.body);
    let outcome = tokio::time::timeout(timeout, AssertUnwindSafe(asked).catch_unwind()).await;
    let unknown = |code, text: &str| Err(RefusedBody::new(RefusedClass::Unknown, code, text));
    let answer = match outcome {
        Err(_) => unknown(CODE_DEADLINE, "the deadline passed while it was processed"),
        Ok(Err(_)) => {
            tracing::error!(peer = context.peer.node_id.0, lane = ?context.peer.lane, "a request handler panicked");
            unknown(CODE_PANIC, "its handler panicked")
        }
        Ok(Ok(Ok(body))) if body.len() > context.limits.body_max_bytes => {
            unknown(CODE_ANSWER_TOO_LONG, "its answer is beyond the limit of the lane")
        }
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(refusal))) => Err(RefusedBody::new(RefusedClass::Application, refusal.code, refusal.text)),
    };
    let frame = match answer {
        Ok(body) => Frame::new(Kind::Response, id, body),
        Err(refused) => Frame::new(Kind::Refused, id, refused.encode()),
    };
    queue_answer(context, frame).await;
}

async fn queue_answer(context: &JobContext, frame: Frame) {
    let bytes = frame.body.len().clamp(1, context.limits.queued_max_bytes);
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    let Ok(permit) = context.answer_room.clone().acquire_many_owned(bytes).await else { return };
    // Closed: the connection is over and nobody waits for the answer.
    let _ = context.outbox.push(frame, Some(permit));
}
