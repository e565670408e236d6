//! What a supervised actor implements. It never sees actix's context, so that it cannot start a timer that a flooded
//! mailbox would starve, nor hand out an address that goes round the bound.

use super::context::Ctx;

/// Any error an actor may fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Whether an actor that was asked to stop is done, or still has something to finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drain {
    /// Nothing is left to do: stop now.
    Done,
    /// Work goes on; the actor calls [`Ctx::finish`] when it is done, or the deadline of the stop ends it.
    Later,
}

/// The life of an actor under supervision. All methods run on the actor's Arbiter and must not block.
pub trait Supervised: Sized + 'static {
    /// Runs first in each incarnation. Level-triggered: read the state again here, wake-ups of an earlier
    /// incarnation are gone. An error counts as a failed start and is retried by the restart policy.
    fn started(&mut self, _ctx: &mut Ctx<'_, Self>) -> Result<(), BoxError> {
        Ok(())
    }

    /// An outside timer fired (`Policy::tick`). At most one is outstanding, however full the queue is.
    fn on_tick(&mut self, _ctx: &mut Ctx<'_, Self>) {}

    /// Someone called [`super::ActorHandle::wake`]; several calls may have become one.
    fn on_wake(&mut self, _ctx: &mut Ctx<'_, Self>) {}

    /// An ordered stop was asked for; messages accepted before it have been handled.
    fn stopping(&mut self, _ctx: &mut Ctx<'_, Self>) -> Drain {
        Drain::Done
    }
}

/// An actor takes messages of this type.
pub trait Receive<M: Send + 'static>: Supervised {
    /// What [`super::ActorHandle::ask`] returns.
    type Reply: Send + 'static;

    /// Handles one message. A panic here costs this incarnation of the actor and nothing else.
    fn receive(&mut self, message: M, ctx: &mut Ctx<'_, Self>) -> Self::Reply;
}
