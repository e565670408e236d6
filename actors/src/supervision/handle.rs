//! The stable handle of a supervised actor: it outlives restarts and exposes neither channel nor address.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::{mpsc, oneshot};

use super::{
    actor::{Receive, Supervised},
    bound::Permit,
    cell::Cell,
    error::{RestartError, SendError, StopError},
    parcel::Letter,
    registry::Controlled,
    slot::Slot,
    status::{ActorState, ActorStatus},
    supervise::Command,
};

pub(super) struct Shared<A: Supervised> {
    pub(super) cell: Arc<Cell>,
    pub(super) slot: Arc<Slot<A>>,
    pub(super) commands: mpsc::Sender<Command>,
}

impl<A: Supervised> Controlled for Shared<A> {
    fn status(&self) -> ActorStatus {
        self.cell.status()
    }

    fn restart(&self) -> Result<(), RestartError> {
        let name = || self.cell.name().to_owned();
        match self.commands.try_send(Command::Restart) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(RestartError::Busy { name: name() }),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(RestartError::Stopped { name: name() }),
        }
    }
}

/// Reaches one actor, whichever incarnation of it is running.
pub struct ActorHandle<A: Supervised> {
    pub(super) shared: Arc<Shared<A>>,
}

impl<A: Supervised> Clone for ActorHandle<A> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<A: Supervised> std::fmt::Debug for ActorHandle<A> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ActorHandle").field("name", &self.shared.cell.name()).finish()
    }
}

impl<A: Supervised> ActorHandle<A> {
    /// Sends a message and waits for its reply. Once accepted, the message is handled even if this future is dropped.
    pub async fn ask<M>(&self, message: M) -> Result<A::Reply, SendError>
    where
        A: Receive<M>,
        M: Send + 'static,
    {
        let permit = self.counted(self.shared.cell.gate.acquire().await)?;
        let (reply, answer) = oneshot::channel();
        self.shared.slot.send(Letter::new(message, Some(reply), permit))?;
        answer.await.unwrap_or(Err(SendError::Interrupted))
    }

    /// Sends a message; returns when it is accepted.
    pub async fn tell<M>(&self, message: M) -> Result<(), SendError>
    where
        A: Receive<M>,
        M: Send + 'static,
    {
        let permit = self.counted(self.shared.cell.gate.acquire().await)?;
        self.shared.slot.send(Letter::new(message, None, permit))
    }

    /// Sends a message if there is room now, whatever the overflow policy.
    pub fn try_tell<M>(&self, message: M) -> Result<(), SendError>
    where
        A: Receive<M>,
        M: Send + 'static,
    {
        let permit = self.counted(self.shared.cell.gate.try_acquire())?;
        self.shared.slot.send(Letter::new(message, None, permit))
    }

    fn counted(&self, permit: Result<Permit, SendError>) -> Result<Permit, SendError> {
        if matches!(permit, Err(SendError::Full { .. } | SendError::Shed { .. })) {
            self.shared.cell.count_refused();
        }
        permit
    }

    /// Tells the actor that something it reads has changed. Never blocks, needs no place in the queue.
    pub fn wake(&self) {
        self.shared.slot.wake();
    }

    /// Wakes the actor for each item of a stream of changes. The task ends when the actor stops or the stream ends.
    pub fn wake_on<S>(&self, runtime: &tokio::runtime::Handle, mut changes: S)
    where
        S: futures::Stream + Send + Unpin + 'static,
        S::Item: Send,
    {
        let handle = self.clone();
        runtime.spawn(async move {
            let stopped = handle.stopped();
            tokio::pin!(stopped);
            loop {
                tokio::select! {
                    change = changes.next() => match change {
                        Some(_) => handle.wake(),
                        None => return,
                    },
                    () = &mut stopped => return,
                }
            }
        });
    }

    /// The actor's status now.
    pub fn status(&self) -> ActorStatus {
        self.shared.cell.status()
    }

    /// Waits until the status fulfils the predicate. Changes of state and failures are seen at once; mere counters of
    /// messages do not wake it.
    pub async fn wait_for(&self, mut predicate: impl FnMut(&ActorStatus) -> bool) -> ActorStatus {
        let mut changes = self.shared.cell.changes();
        loop {
            changes.borrow_and_update();
            let status = self.status();
            if predicate(&status) {
                return status;
            }
            // `self` keeps the sender, so this never fails while we wait.
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Waits until the actor is gone for good.
    pub async fn stopped(&self) {
        self.wait_for(|status| status.state == ActorState::Stopped).await;
    }

    /// Stops the actor in order: nothing new is accepted, what was accepted is handled, the actor drains. After
    /// `deadline` it is cut off. Stopping a stopped actor is fine.
    pub async fn stop(&self, deadline: Duration) -> Result<(), StopError> {
        let (done, is_done) = oneshot::channel();
        if self.shared.commands.send(Command::Stop { deadline, done }).await.is_err() {
            return Ok(());
        }
        match is_done.await {
            Ok(outcome) => outcome,
            // It finished by itself before it read the command.
            Err(_gone) => Ok(()),
        }
    }

    /// Ends the running incarnation, or brings a failed actor back; both with a fresh budget.
    pub fn restart(&self) -> Result<(), RestartError> {
        Controlled::restart(&*self.shared)
    }
}
