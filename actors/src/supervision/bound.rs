//! The real bound of an actor's queue: one permit for each message, from acceptance until its handler is done.
//!
//! actix's `set_mailbox_capacity` does not bound: `do_send` ignores it and every cloned `Addr` brings a slot of its own.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::error::SendError;

/// What happens to a message that finds no free permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// The sender waits. For internal callers that cannot lose the message.
    Wait,
    /// Refused as "not processed, safe to retry", and counted as shed. For load that comes from outside.
    Shed,
    /// Refused as [`SendError::Full`]. For senders to whom a full queue is an error of their own.
    Fail,
}

/// What happens to a message sent while the actor is between two incarnations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhileDown {
    /// It keeps its permit and goes to the next incarnation.
    Wait,
    /// It is refused as [`SendError::Down`].
    Fail,
}

/// The bound of one actor's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Messages that may be accepted and not yet handled.
    pub permits: usize,
    /// What happens to one more.
    pub overflow: Overflow,
    /// What happens while the actor is being restarted.
    pub while_down: WhileDown,
}

impl Bound {
    /// A bound that makes senders wait.
    pub const fn waiting(permits: usize) -> Self {
        Self { permits, overflow: Overflow::Wait, while_down: WhileDown::Wait }
    }

    /// A bound that sheds what does not fit.
    pub const fn shedding(permits: usize) -> Self {
        Self { permits, overflow: Overflow::Shed, while_down: WhileDown::Wait }
    }
}

/// One accepted message. Dropping it frees its place, also in a panic.
#[derive(Debug)]
pub struct Permit(#[allow(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

pub(super) struct Gate {
    bound: Bound,
    semaphore: Arc<Semaphore>,
}

impl Gate {
    pub(super) fn new(bound: Bound) -> Self {
        Self { bound, semaphore: Arc::new(Semaphore::new(bound.permits)) }
    }

    pub(super) fn bound(&self) -> Bound {
        self.bound
    }

    pub(super) fn used(&self) -> usize {
        self.bound.permits.saturating_sub(self.semaphore.available_permits())
    }

    /// A permit by the overflow policy, waiting if the policy says so.
    pub(super) async fn acquire(&self) -> Result<Permit, SendError> {
        if self.bound.overflow != Overflow::Wait {
            return self.try_acquire();
        }
        match Arc::clone(&self.semaphore).acquire_owned().await {
            Ok(permit) => Ok(Permit(permit)),
            Err(_closed) => Err(SendError::Stopped),
        }
    }

    /// A permit now or an error.
    pub(super) fn try_acquire(&self) -> Result<Permit, SendError> {
        match Arc::clone(&self.semaphore).try_acquire_owned() {
            Ok(permit) => Ok(Permit(permit)),
            Err(TryAcquireError::Closed) => Err(SendError::Stopped),
            Err(TryAcquireError::NoPermits) => match self.bound.overflow {
                Overflow::Shed => Err(SendError::Shed { bound: self.bound.permits }),
                Overflow::Wait | Overflow::Fail => Err(SendError::Full { bound: self.bound.permits }),
            },
        }
    }

    /// Senders that wait for a permit are refused from now on.
    pub(super) fn close(&self) {
        self.semaphore.close();
    }
}
