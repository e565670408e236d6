//! A GMP worker: a supervised actor that runs one event at a time.
//!
//! The steps run on the shared runtime, so that a step that blocks its thread cannot stop the watch over it. A run that
//! panics or hangs ends this incarnation; the next one reports the event from the desk and goes on.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use super::desk::Desk;
use super::floor::Floor;
use crate::ports::{Clock, StepRunner};
use crate::supervision::{BoxError, Ctx, Supervised, panic_message};

/// A run that is in no step for this long hangs as well. Between steps there are only proposals to the log, and these
/// wait for a quorum at most this long.
const BETWEEN_STEPS: Duration = Duration::from_secs(60);

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
    Hung(String),
}

impl Supervised for Worker {
    fn started(&mut self, ctx: &mut Ctx<'_, Self>) -> Result<(), BoxError> {
        if let Some((result, duration_us)) = self.desk.abandon() {
            self.tools.floor.report(result, duration_us);
        }
        ctx.spawn(work(Arc::clone(&self.desk), self.tools.clone()), |_, left, ctx| match left {
            Left::Retired => ctx.finish(),
            Left::Hung(reason) => ctx.fail(reason),
        });
        Ok(())
    }
}

/// Event after event, until the worker is retired or a run hangs.
async fn work(desk: Arc<Desk>, tools: Tools) -> Left {
    loop {
        let work = tokio::select! {
            biased;
            () = desk.retired.cancelled() => return Left::Retired,
            work = tools.floor.next() => work,
        };
        let (event, attempt) = (work.event.id, work.lease.attempt);
        let (progress, revoked) = desk.take(Arc::clone(&work), tools.clock.unix_ms());
        let runner = Arc::clone(&tools.runner);
        let (worker, noted) = (desk.worker, progress.clone());
        let run = tools.runtime.spawn(async move { runner.run(work, worker, noted).await });
        let mut run = AbortOnDropHandle::new(run);
        tokio::select! {
            biased;
            outcome = &mut run => match outcome {
                Ok(outcome) => {
                    if let Some((result, duration_us)) = desk.finish(outcome) {
                        tools.floor.report(result, duration_us);
                    }
                }
                Err(error) if error.is_panic() => {
                    let payload = error.into_panic();
                    desk.note_failure(format!("the worker panicked: {}", panic_message(&*payload)));
                    tools.floor.count_panic();
                    std::panic::resume_unwind(payload);
                }
                // Only the end of the runtime cancels it.
                Err(_cancelled) => std::future::pending::<()>().await,
            },
            () = revoked.cancelled() => {
                desk.clear();
                tools.floor.forget(event, attempt);
                tools.floor.ring();
            }
            () = progress.overdue(BETWEEN_STEPS) => {
                let reason = match progress.running() {
                    Some(running) => format!("step {} hung and was cancelled", running.step),
                    None => "the run hung between its steps and was cancelled".to_owned(),
                };
                desk.note_failure(reason.clone());
                tools.floor.count_hung();
                return Left::Hung(reason);
            }
        }
    }
}
