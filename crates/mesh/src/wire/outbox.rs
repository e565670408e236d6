//! The queue of frames waiting to be written to one connection.
//!
//! Bound: requests and answers come with permits for their bytes (the caller waits for them), everything else is
//! counted, and at `CONTROL_FRAMES_MAX` the peer is cut off for flooding. A pong is answered once however many pings
//! wait. So the queue never grows beyond the lane's `queued_max_bytes` and this number of small frames.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit};

use crate::wire::frame::{Frame, Kind};

/// Small frames without permits (cancellations, refusals). Above the in-flight limit of every lane, so that only a
/// peer that ignores the limits and does not read reaches it.
const CONTROL_FRAMES_MAX: usize = 16 * 1024;

pub(crate) struct Outgoing {
    pub(crate) frame: Frame,
    /// Counted in `control_frames`.
    control: bool,
    /// Freed when the frame is written.
    _permit: Option<OwnedSemaphorePermit>,
}

#[derive(Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Outgoing>,
    control_frames: usize,
    pong: Option<u64>,
    phase: Phase,
}

#[derive(Default, PartialEq, Eq, Clone, Copy)]
enum Phase {
    #[default]
    Open,
    /// Nothing is taken in any more; what is queued is still written.
    Finishing,
    Closed,
}

/// Why a frame was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PushError {
    Closed,
    Flooded,
}

/// What the writer should do.
pub(crate) enum Batch {
    Frames(Vec<Outgoing>),
    /// Everything is written and nothing more will come.
    Finished,
}

impl Outbox {
    /// Queues a frame whose bytes are accounted for by the caller or by the permit.
    pub(crate) fn push(&self, frame: Frame, permit: Option<OwnedSemaphorePermit>) -> Result<(), PushError> {
        let mut state = self.state.lock();
        if state.phase != Phase::Open {
            return Err(PushError::Closed);
        }
        state.queue.push_back(Outgoing { frame, control: false, _permit: permit });
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    /// Queues a small frame that nobody accounts for.
    pub(crate) fn push_control(&self, frame: Frame) -> Result<(), PushError> {
        let mut state = self.state.lock();
        if state.phase != Phase::Open {
            return Err(PushError::Closed);
        }
        if frame.kind == Kind::Pong {
            state.pong = Some(frame.id);
        } else if state.control_frames >= CONTROL_FRAMES_MAX {
            return Err(PushError::Flooded);
        } else {
            state.control_frames += 1;
            state.queue.push_back(Outgoing { frame, control: true, _permit: None });
        }
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    /// Takes a request back if it was not handed to the writer yet: then it is certain that it was not sent.
    pub(crate) fn withdraw(&self, request_id: u64) -> bool {
        let mut state = self.state.lock();
        let is_it = |outgoing: &Outgoing| outgoing.frame.kind == Kind::Request && outgoing.frame.id == request_id;
        let Some(position) = state.queue.iter().position(is_it) else { return false };
        state.queue.remove(position);
        true
    }

    /// Waits for frames and takes up to about `batch_max_bytes` of them. Cancel-safe.
    pub(crate) async fn take(&self, batch_max_bytes: usize) -> Batch {
        loop {
            if let Some(batch) = self.try_take(batch_max_bytes) {
                return batch;
            }
            self.wake.notified().await;
        }
    }

    fn try_take(&self, batch_max_bytes: usize) -> Option<Batch> {
        let mut state = self.state.lock();
        let mut frames = Vec::new();
        // A sign of life goes before everything else.
        if let Some(id) = state.pong.take() {
            frames.push(Outgoing { frame: Frame::bare(Kind::Pong, id), control: false, _permit: None });
        }
        let mut bytes = 0;
        while bytes < batch_max_bytes {
            let Some(outgoing) = state.queue.pop_front() else { break };
            bytes += outgoing.frame.wire_bytes();
            state.control_frames -= usize::from(outgoing.control);
            frames.push(outgoing);
        }
        match (frames.is_empty(), state.phase) {
            (false, _) => Some(Batch::Frames(frames)),
            (true, Phase::Open) => None,
            (true, _) => Some(Batch::Finished),
        }
    }

    /// Queues a last frame; the writer ends when all is written. Requests that still wait are not sent any more:
    /// nobody would read the answers. Returns their ids.
    pub(crate) fn finish(&self, last: Frame) -> Vec<u64> {
        let mut state = self.state.lock();
        if state.phase != Phase::Open {
            return Vec::new();
        }
        state.phase = Phase::Finishing;
        let (unsent, mut queue): (VecDeque<_>, VecDeque<_>) =
            state.queue.drain(..).partition(|outgoing| outgoing.frame.kind == Kind::Request);
        queue.push_back(Outgoing { frame: last, control: false, _permit: None });
        state.queue = queue;
        state.control_frames = state.queue.iter().filter(|outgoing| outgoing.control).count();
        drop(state);
        self.wake.notify_one();
        unsent.iter().map(|outgoing| outgoing.frame.id).collect()
    }

    /// Ends the queue and returns the ids of the requests that never left it.
    pub(crate) fn close(&self) -> Vec<u64> {
        let mut state = self.state.lock();
        state.phase = Phase::Closed;
        let unsent = state.queue.drain(..).filter(|outgoing| outgoing.frame.kind == Kind::Request);
        let unsent = unsent.map(|outgoing| outgoing.frame.id).collect();
        state.control_frames = 0;
        drop(state);
        self.wake.notify_one();
        unsent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(outbox: &Outbox) -> Vec<(Kind, u64)> {
        match outbox.try_take(usize::MAX) {
            Some(Batch::Frames(frames)) => frames.iter().map(|out| (out.frame.kind, out.frame.id)).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn pings_are_answered_once_and_first() {
        let outbox = Outbox::default();
        outbox.push(Frame::bare(Kind::Response, 1), None).unwrap();
        for id in 0..100_000 {
            outbox.push_control(Frame::bare(Kind::Pong, id)).unwrap();
        }
        assert_eq!(taken(&outbox), [(Kind::Pong, 99_999), (Kind::Response, 1)]);
    }

    #[test]
    fn a_flood_of_small_frames_is_refused_and_draining_makes_room() {
        let outbox = Outbox::default();
        for id in 0..CONTROL_FRAMES_MAX as u64 {
            outbox.push_control(Frame::bare(Kind::Refused, id)).unwrap();
        }
        assert_eq!(outbox.push_control(Frame::bare(Kind::Refused, 0)), Err(PushError::Flooded));
        assert_eq!(taken(&outbox).len(), CONTROL_FRAMES_MAX);
        outbox.push_control(Frame::bare(Kind::Refused, 0)).unwrap();
    }

    #[test]
    fn only_what_is_still_queued_can_be_withdrawn_or_is_reported_unsent() {
        let outbox = Outbox::default();
        outbox.push(Frame::bare(Kind::Request, 1), None).unwrap();
        assert_eq!(taken(&outbox), [(Kind::Request, 1)]);
        for id in 2..5 {
            outbox.push(Frame::bare(Kind::Request, id), None).unwrap();
        }
        assert!(!outbox.withdraw(1));
        assert!(outbox.withdraw(3));
        assert_eq!(outbox.close(), [2, 4]);
        assert_eq!(outbox.push(Frame::bare(Kind::Request, 5), None), Err(PushError::Closed));
        assert!(matches!(outbox.try_take(1), Some(Batch::Finished)));
    }
}
