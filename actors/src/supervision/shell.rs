//! The actix actor around a supervised one: it catches panics, counts, and says how the incarnation ended.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler};
use tokio::sync::oneshot;

use super::{
    actor::{Drain, Supervised},
    context::{Ctx, Link},
    parcel::{Content, Parcel},
};

/// After so many deliveries in a row the thread is given to its other tasks: actix itself polls a mailbox until it is
/// empty, so that one flooded actor would starve all others of its Arbiter. 64 costs nothing measurable and keeps a
/// turn far below a millisecond.
const DELIVERIES_IN_A_ROW: u32 = 64;

/// How an incarnation ended.
#[derive(Debug)]
pub(super) enum End {
    Panic(String),
    Error(String),
    Stop(String),
    Finished,
}

pub(super) struct Shell<A: Supervised> {
    actor: Option<Box<A>>,
    link: Arc<Link<A>>,
    started: Option<oneshot::Sender<Addr<Self>>>,
    ended: Option<oneshot::Sender<End>>,
    in_a_row: u32,
}

impl<A: Supervised> Shell<A> {
    pub(super) fn new(
        actor: A,
        link: Arc<Link<A>>,
        started: oneshot::Sender<Addr<Self>>,
        ended: oneshot::Sender<End>,
    ) -> Self {
        Self { actor: Some(Box::new(actor)), link, started: Some(started), ended: Some(ended), in_a_row: 0 }
    }

    /// Calls the actor. A panic or a verdict ends the incarnation.
    fn call<R>(&mut self, context: &mut Context<Self>, call: impl FnOnce(&mut A, &mut Ctx<'_, A>) -> R) -> Option<R> {
        let actor = self.actor.as_deref_mut()?;
        let link = &self.link;
        let mut verdict = None;
        let outcome = catch_unwind(AssertUnwindSafe(|| call(actor, &mut Ctx::new(context, link, &mut verdict))));
        match outcome {
            Ok(value) => {
                if let Some(end) = verdict {
                    self.end(end, context);
                }
                Some(value)
            }
            Err(payload) => {
                self.end(End::Panic(panic_message(&*payload)), context);
                None
            }
        }
    }

    fn end(&mut self, end: End, context: &mut Context<Self>) {
        self.report(end);
        context.terminate();
    }

    fn report(&mut self, end: End) {
        let Some(ended) = self.ended.take() else { return };
        // Before the mailbox closes, so that messages in it wait for the next incarnation.
        self.link.slot.go_down();
        self.link.over.cancel();
        let actor = self.actor.take();
        // A half-destroyed actor may panic again when it is dropped; its end has been told already.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(actor)));
        let _ = ended.send(end);
    }
}

impl<A: Supervised> Actor for Shell<A> {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        match self.call(context, |actor, ctx| actor.started(ctx)) {
            Some(Ok(())) => {
                if let Some(started) = self.started.take() {
                    let _ = started.send(context.address());
                }
            }
            Some(Err(error)) => self.end(End::Error(error.to_string()), context),
            None => {}
        }
    }
}

impl<A: Supervised> Handler<Parcel<A>> for Shell<A> {
    type Result = ();

    fn handle(&mut self, parcel: Parcel<A>, context: &mut Self::Context) {
        let Some(content) = parcel.open() else { return };
        match content {
            Content::Message(work) => {
                if self.call(context, |actor, ctx| work.perform(actor, ctx)).is_some() {
                    self.link.cell.count_handled();
                }
            }
            Content::Resume(resume) => {
                self.call(context, |actor, ctx| resume(actor, ctx));
            }
            Content::Panicked(message) => self.end(End::Panic(message), context),
            Content::Tick => {
                self.link.signals.tick.store(false, Ordering::Release);
                self.call(context, |actor, ctx| actor.on_tick(ctx));
            }
            Content::Wake => {
                // Before the call: a change during it wakes again.
                self.link.signals.wake.store(false, Ordering::Release);
                self.call(context, |actor, ctx| actor.on_wake(ctx));
            }
            Content::Ping => self.link.signals.ping.store(false, Ordering::Release),
            Content::Drain => {
                if self.call(context, |actor, ctx| actor.stopping(ctx)) == Some(Drain::Done) {
                    self.end(End::Finished, context);
                }
            }
            Content::CutOff => self.end(End::Finished, context),
        }
        self.in_a_row += 1;
        if self.in_a_row >= DELIVERIES_IN_A_ROW {
            self.in_a_row = 0;
            context.wait(actix::fut::wrap_future(tokio::task::yield_now()));
        }
    }
}

impl<A: Supervised> Drop for Shell<A> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.report(End::Panic("a panic outside of the actor's own code".to_owned()));
        } else {
            self.report(End::Stop("the actor's context ended although nobody asked for it".to_owned()));
        }
    }
}

/// The message of a caught panic.
pub fn panic_message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a message".to_owned()
    }
}
