//! One call: waits for room, is queued, waits for its answer, and leaves nothing behind however it ends.

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::error::{CallError, NotSentReason, UnknownReason};
use crate::rpc::client::{RequestClient, Shared};
use crate::wire::frame::{Frame, Kind};

/// Time to spare that a request carries when its deadline is further away than it can say.
const DEADLINE_MAX_MS: u128 = u32::MAX as u128;

impl RequestClient {
    /// Sends a request and waits for its answer until `deadline`. Dropping the future cancels the request.
    pub(crate) async fn call(&self, body: Bytes, deadline: Instant) -> Result<Bytes, CallError> {
        let shared = &self.shared;
        let _on_its_way = shared.calls.token();
        let limits = &shared.lane_limits;
        if body.len() > limits.body_max_bytes {
            let reason = NotSentReason::TooLong { length_bytes: body.len(), limit_bytes: limits.body_max_bytes };
            return Err(CallError::NotSent(reason));
        }
        let bytes = u32::try_from(body.len().clamp(1, limits.queued_max_bytes)).unwrap_or(u32::MAX);
        let room = async {
            let slot = shared.slots.acquire().await;
            let room = shared.room.acquire_many(bytes).await;
            slot.and_then(|slot| room.map(|room| (slot, room)))
        };
        // Held until the answer is there, so that we never ask for more than the peer agreed to hold.
        let _room = match timeout_at(deadline, room).await {
            Err(_) => return Err(CallError::NotSent(NotSentReason::Deadline)),
            Ok(Err(_closed)) => return Err(CallError::NotSent(NotSentReason::ConnectionEnded)),
            Ok(Ok(room)) => room,
        };
        let (mut pending, answer) = Pending::register(shared);
        let time_left = deadline.saturating_duration_since(Instant::now()).as_millis().min(DEADLINE_MAX_MS);
        let deadline_ms = u32::try_from(time_left).unwrap_or(u32::MAX);
        let frame = Frame { kind: Kind::Request, id: pending.id, deadline_ms, body };
        if shared.outbox.push(frame, None).is_err() {
            return Err(CallError::NotSent(NotSentReason::ConnectionEnded));
        }
        pending.queued = true;
        match timeout_at(deadline, answer).await {
            Ok(Ok(answer)) => {
                pending.queued = false;
                answer
            }
            // The reader is gone without a word only if its task was aborted.
            Ok(Err(_)) => Err(CallError::Unknown(UnknownReason::ConnectionEnded("aborted".to_owned()))),
            Err(_) if shared.outbox.withdraw(pending.id) => {
                pending.queued = false;
                Err(CallError::NotSent(NotSentReason::Deadline))
            }
            Err(_) => Err(CallError::Unknown(UnknownReason::Deadline)),
        }
    }
}

/// An entry in the table of waiting calls; removes itself, and tells the peer to stop when nobody waits any more.
struct Pending<'a> {
    shared: &'a Shared,
    id: u64,
    queued: bool,
}

impl<'a> Pending<'a> {
    fn register(shared: &'a Shared) -> (Self, oneshot::Receiver<Result<Bytes, CallError>>) {
        let (sender, answer) = oneshot::channel();
        let id = shared.register(sender);
        (Self { shared, id, queued: false }, answer)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if self.shared.forget(self.id) && self.queued && !self.shared.outbox.withdraw(self.id) {
            // Best effort: if it cannot be queued, the connection is at its end and the peer drops the request anyway.
            let _ = self.shared.outbox.push_control(Frame::bare(Kind::Cancel, self.id));
        }
    }
}
