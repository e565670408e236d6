//! A GMP worker: a supervised actor that runs one event at a time.
//!
//! The loop over events runs on the shared runtime, and the actor only watches it: what a step does to its thread
//! cannot stop the watch. A run that panics, hangs or leaks ends this incarnation; the next one reports the event from
//! the desk, if that is still to be done, and goes on.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::FutureExt;
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use super::desk::{Desk, Incarnation};
use super::floor::Floor;
use crate::ports::{Clock, StepRunner};
use crate::supervision::{BoxError, Ctx, Supervised, panic_message};

/// What all workers of a pool share.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) floor: Arc<Floor>,
    pub(crate) runner: Arc<dyn StepRunner>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) runtime: Handle,
}

pub(crate) struct Worker {
    pub(crate) desk: Arc<Desk>,
    pub(crate) tools: Tools,
}

enum Left {
    Retired,
    /// By another incarnation; nobody hears this.
    Replaced,
    Hung(String),
    Leaked(String),
}

impl Supervised for Worker {
    fn started(&mut self, ctx: &mut Ctx<'_, Self>) -> Result<(), BoxError> {
        let (incarnation, abandoned) = self.desk.sit_down();
        if let Some((result, duration_us)) = abandoned {
            self.tools.floor.leave_desk();
            self.tools.floor.report(result, duration_us);
        }
        let working = self.tools.runtime.spawn(work(Arc::clone(&self.desk), incarnation, self.tools.clone()));
        let working = AbortOnDropHandle::new(working);
        ctx.spawn(watch(working, Arc::clone(&self.desk), Arc::clone(&self.tools.floor)), |_, left, ctx| match left {
            Left::Retired | Left::Replaced => ctx.finish(),
            Left::Hung(reason) | Left::Leaked(reason) => ctx.fail(reason),
        });
        Ok(())
    }
}

/// Waits until the work ends by itself or has to be given up. A run that blocks its thread stays behind there; whatever
/// it does later finds its desk cleared.
async fn watch(mut working: AbortOnDropHandle<Left>, desk: Arc<Desk>, floor: Arc<Floor>) -> Left {
    tokio::select! {
        biased;
        left = &mut working => match left {
            Ok(left) => left,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // Only the end of the runtime cancels it.
            Err(_cancelled) => std::future::pending().await,
        },
        reason = desk.condemnation() => {
            floor.mishaps.hung.fetch_add(1, Ordering::Relaxed);
            Left::Hung(reason)
        }
    }
}

/// Event after event, until the worker is retired or has to be replaced.
async fn work(desk: Arc<Desk>, incarnation: Incarnation, tools: Tools) -> Left {
    loop {
        let (work, progress) = tokio::select! {
            biased;
            () = desk.retirement() => return Left::Retired,
            next = tools.floor.next(&desk, incarnation, tools.clock.as_ref()) => next,
        };
        let run = tools.runner.run(Arc::clone(&work), desk.worker, progress.clone());
        tokio::select! {
            biased;
            outcome = AssertUnwindSafe(run).catch_unwind() => match outcome {
                Ok(outcome) => {
                    let Some((result, duration_us)) = desk.finish(&work, outcome) else { return Left::Replaced };
                    tools.floor.leave_desk();
                    tools.floor.report(result, duration_us);
                    if let Some(what) = progress.what_leaked() {
                        tools.floor.mishaps.leaked.fetch_add(1, Ordering::Relaxed);
                        return Left::Leaked(what);
                    }
                }
                Err(payload) => {
                    desk.note_failure(&work, format!("the worker panicked: {}", panic_message(&*payload)));
                    tools.floor.mishaps.panics.fetch_add(1, Ordering::Relaxed);
                    std::panic::resume_unwind(payload);
                }
            },
            () = desk.revocation(&work) => {
                if let Some((result, duration_us)) = desk.recalled(&work) {
                    tools.floor.leave_desk();
                    tools.floor.report(result, duration_us);
                } else if desk.clear(&work) {
                    tools.floor.leave_desk();
                    tools.floor.forget(work.event.id, work.lease.attempt);
                    tools.floor.ring();
                }
            }
        }
    }
}
