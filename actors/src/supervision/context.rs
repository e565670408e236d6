//! What an actor can do while it handles something.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix::{AsyncContext, Context};
use futures::FutureExt;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::{
    actor::{BoxError, Supervised},
    bound::Permit,
    cell::Cell,
    parcel::{Content, Parcel},
    shell::{End, Shell, panic_message},
    slot::{Signals, Slot},
};

/// What one incarnation and its futures share.
pub(super) struct Link<A: Supervised> {
    pub(super) cell: Arc<Cell>,
    pub(super) slot: Arc<Slot<A>>,
    pub(super) signals: Arc<Signals>,
    pub(super) runtime: Handle,
    /// Cancelled when the incarnation ends: its futures end with it.
    pub(super) over: CancellationToken,
}

/// The actor's view of its incarnation during one call.
pub struct Ctx<'a, A: Supervised> {
    context: &'a mut Context<Shell<A>>,
    link: &'a Arc<Link<A>>,
    verdict: &'a mut Option<End>,
    permit: Option<Permit>,
}

impl<'a, A: Supervised> Ctx<'a, A> {
    pub(super) fn new(
        context: &'a mut Context<Shell<A>>,
        link: &'a Arc<Link<A>>,
        verdict: &'a mut Option<End>,
    ) -> Self {
        Self { context, link, verdict, permit: None }
    }

    pub(super) fn put_permit(&mut self, permit: Permit) {
        self.permit = Some(permit);
    }

    /// The actor's name.
    pub fn name(&self) -> &str {
        self.link.cell.name()
    }

    /// Takes over the current message's place in the queue, for work that outlives the handler: the place is free
    /// when the permit is dropped.
    pub fn hold_permit(&mut self) -> Option<Permit> {
        self.permit.take()
    }

    /// Runs a light future on the actor's thread and hands its result to `then`. It ends with the incarnation; its
    /// panic is the actor's panic. The result comes through the queue, so a full one delays but never starves it.
    pub fn spawn<F, T>(&mut self, future: F, then: impl FnOnce(&mut A, T, &mut Ctx<'_, A>) + Send + 'static)
    where
        F: Future<Output = T> + 'static,
        T: Send + 'static,
    {
        let address = self.context.address();
        let link = Arc::clone(self.link);
        actix_rt::spawn(async move {
            let outcome = tokio::select! {
                biased;
                () = link.over.cancelled() => return,
                outcome = AssertUnwindSafe(future).catch_unwind() => outcome,
            };
            let content = match outcome {
                Ok(value) => Content::Resume(Box::new(move |actor: &mut A, ctx: &mut Ctx<'_, A>| {
                    then(actor, value, ctx);
                })),
                Err(payload) => Content::Panicked(panic_message(&*payload)),
            };
            address.do_send(Parcel::new(content, &link.slot));
        });
    }

    /// As [`Ctx::spawn`], for futures that do real work: they run on the shared runtime.
    pub fn offload<F, T>(&mut self, future: F, then: impl FnOnce(&mut A, T, &mut Ctx<'_, A>) + Send + 'static)
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let task = AbortOnDropHandle::new(self.link.runtime.spawn(future));
        self.spawn(
            async move {
                match task.await {
                    Ok(value) => value,
                    Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    // Only the runtime's shutdown cancels it; the incarnation has nothing left to wait for.
                    Err(_cancelled) => std::future::pending().await,
                }
            },
            then,
        );
    }

    /// Ends this incarnation as failed by an error; the restart policy decides what follows.
    pub fn fail(&mut self, error: impl Into<BoxError>) {
        *self.verdict = Some(End::Error(error.into().to_string()));
    }

    /// The actor has done all that it was for: it stops and is not restarted.
    pub fn finish(&mut self) {
        *self.verdict = Some(End::Finished);
    }
}
