//! The shell of the ticker.

use std::sync::Arc;
use std::time::Duration;

use flotilla_model::Command;

use super::core::{LOOK_EVERY_MS, Observed, TickerCore};
use super::status::TickerStatus;
use crate::ports::{Clock, RaftControl, ReplicatedLog};
use crate::supervision::{
    ActorHandle, Ctx, Observer, Policy, Published, SpawnError, StopError, Supervised, Supervisor,
};

/// What the ticker is joined with.
#[derive(Clone)]
pub struct TickerPorts {
    /// The log.
    pub log: Arc<dyn ReplicatedLog>,
    /// Raft, which says who is primary.
    pub raft: Arc<dyn RaftControl>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

pub(crate) struct TickerActor {
    ports: TickerPorts,
    core: TickerCore,
    status: Published<TickerStatus>,
}

impl TickerActor {
    fn look(&mut self, ctx: &mut Ctx<'_, Self>) {
        let state = self.ports.log.view().state;
        let observed = Observed {
            is_primary: self.ports.raft.status().is_primary,
            next_deadline_ms: state.next_deadline_ms(),
            log_clock_ms: state.clock_ms(),
        };
        let now = self.ports.clock.now();
        if self.core.on_look(observed, now) {
            let log = Arc::clone(&self.ports.log);
            let tick = vec![Command::Tick { now_ms: now.unix_ms }];
            ctx.offload(async move { log.propose_many(&tick).await }, |ticker, answer, _| {
                let answer = answer.map(drop).map_err(|error| error.to_string());
                if let Err(error) = &answer {
                    tracing::warn!(error, "the log's time was not moved, it is tried again");
                }
                ticker.core.on_answer(answer, ticker.ports.clock.now());
                ticker.status.set(ticker.core.status().clone());
            });
        }
        self.status.set(self.core.status().clone());
    }
}

impl Supervised for TickerActor {
    fn on_tick(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.look(ctx);
    }

    /// Raft has changed: a new primary need not wait for the next look.
    fn on_wake(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.look(ctx);
    }
}

/// The ticker of a node; it ticks while the node is primary.
#[derive(Clone)]
pub struct Ticker {
    actor: ActorHandle<TickerActor>,
    status: Observer<TickerStatus>,
}

impl Ticker {
    /// Starts it. Critical: on a primary without time no lease ends and no retry begins.
    pub fn start(supervisor: &Supervisor, ports: TickerPorts) -> Result<Self, SpawnError> {
        let status = Published::new(TickerStatus::default());
        let observer = status.observer();
        let raft = Arc::clone(&ports.raft);
        let policy = Policy::critical("control").with_tick(Duration::from_millis(LOOK_EVERY_MS));
        let factory =
            move || Ok(TickerActor { ports: ports.clone(), core: TickerCore::default(), status: status.clone() });
        let actor = supervisor.spawn("ticker", policy, factory)?;
        actor.wake_on(supervisor.runtime(), raft.changes());
        Ok(Self { actor, status: observer })
    }

    /// What it has done.
    pub fn status(&self) -> &Observer<TickerStatus> {
        &self.status
    }

    /// Stops it.
    pub async fn stop(&self, deadline: Duration) -> Result<(), StopError> {
        self.actor.stop(deadline).await
    }
}
