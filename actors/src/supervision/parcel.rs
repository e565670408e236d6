//! What travels through actix's mailbox: one message type, so that the shell sees every delivery.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{
    actor::{Receive, Supervised},
    bound::Permit,
    context::Ctx,
    error::SendError,
    slot::Slot,
};

/// A message with its permit, its type erased.
pub(super) trait Work<A: Supervised>: Send {
    fn perform(self: Box<Self>, actor: &mut A, ctx: &mut Ctx<'_, A>);
}

type Resume<A> = Box<dyn FnOnce(&mut A, &mut Ctx<'_, A>) + Send>;

pub(super) enum Content<A: Supervised> {
    Message(Box<dyn Work<A>>),
    /// A future that the actor spawned has ended.
    Resume(Resume<A>),
    /// A future that the actor spawned has panicked.
    Panicked(String),
    Tick,
    Wake,
    Ping,
    /// Handle what came before, then stop.
    Drain,
    /// Stop at once.
    CutOff,
}

/// One delivery. A message that is dropped unopened goes back to the slot for the next incarnation.
pub(super) struct Parcel<A: Supervised> {
    content: Option<Content<A>>,
    slot: Arc<Slot<A>>,
}

impl<A: Supervised> Parcel<A> {
    pub(super) fn new(content: Content<A>, slot: &Arc<Slot<A>>) -> Self {
        Self { content: Some(content), slot: Arc::clone(slot) }
    }

    pub(super) fn open(mut self) -> Option<Content<A>> {
        self.content.take()
    }
}

impl<A: Supervised> Drop for Parcel<A> {
    fn drop(&mut self) {
        if let Some(Content::Message(work)) = self.content.take() {
            self.slot.take_back(work);
        }
    }
}

impl<A: Supervised> actix::Message for Parcel<A> {
    type Result = ();
}

pub(super) type ReplySender<R> = oneshot::Sender<Result<R, SendError>>;

struct Inside<M, R> {
    message: M,
    reply: Option<ReplySender<R>>,
    permit: Permit,
}

pub(super) struct Letter<M, R>(Option<Inside<M, R>>);

impl<M, R> Letter<M, R> {
    pub(super) fn new(message: M, reply: Option<ReplySender<R>>, permit: Permit) -> Box<Self> {
        Box::new(Self(Some(Inside { message, reply, permit })))
    }
}

impl<A, M> Work<A> for Letter<M, A::Reply>
where
    A: Receive<M>,
    M: Send + 'static,
{
    fn perform(mut self: Box<Self>, actor: &mut A, ctx: &mut Ctx<'_, A>) {
        let Some(Inside { message, reply, permit }) = self.0.take() else { return };
        ctx.put_permit(permit);
        // A panic in here drops `reply` unanswered, which the sender reads as interrupted.
        let answer = actor.receive(message, ctx);
        drop(ctx.hold_permit());
        if let Some(reply) = reply {
            // The sender may have dropped its request; the message was handled all the same.
            let _ = reply.send(Ok(answer));
        }
    }
}

impl<M, R> Drop for Letter<M, R> {
    fn drop(&mut self) {
        if let Some(Inside { reply: Some(reply), permit, .. }) = self.0.take() {
            drop(permit);
            let _ = reply.send(Err(SendError::NotProcessed));
        }
    }
}
