//! The shell of the ticker.

use std::sync::Arc;
use std::time::Duration;

use flotilla_model::Command;

use super::core::{LOOK_EVERY_MS, TickerCore};
use crate::ports::{Clock, RaftControl, ReplicatedLog};
use crate::supervision::{ActorHandle, Ctx, Policy, SpawnError, StopError, Supervised, Supervisor};

pub(crate) struct TickerActor {
    log: Arc<dyn ReplicatedLog>,
    raft: Arc<dyn RaftControl>,
    clock: Arc<dyn Clock>,
    core: TickerCore,
}

impl Supervised for TickerActor {
    fn on_tick(&mut self, ctx: &mut Ctx<'_, Self>) {
        let state = self.log.view().state;
        let now_ms = self.clock.unix_ms();
        let is_primary = self.raft.status().is_primary;
        if !self.core.on_look(is_primary, state.next_deadline_ms(), state.clock_ms(), now_ms) {
            return;
        }
        let log = Arc::clone(&self.log);
        let proposal = async move { log.propose_many(vec![Command::Tick { now_ms }]).await };
        ctx.offload(proposal, |ticker, answer, _| {
            if let Err(error) = answer {
                tracing::debug!(%error, "a tick was not recorded");
            }
            ticker.core.on_answer();
        });
    }
}

/// The ticker of a node; it ticks while the node is primary.
#[derive(Clone)]
pub struct Ticker {
    actor: ActorHandle<TickerActor>,
}

impl Ticker {
    /// Starts it.
    pub fn start(
        supervisor: &Supervisor,
        log: Arc<dyn ReplicatedLog>,
        raft: Arc<dyn RaftControl>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SpawnError> {
        let policy = Policy::critical("control").with_tick(Duration::from_millis(LOOK_EVERY_MS));
        let factory = move || {
            let (log, raft, clock) = (Arc::clone(&log), Arc::clone(&raft), Arc::clone(&clock));
            Ok(TickerActor { log, raft, clock, core: TickerCore::default() })
        };
        Ok(Self { actor: supervisor.spawn("ticker", policy, factory)? })
    }

    /// Stops it.
    pub async fn stop(&self, deadline: Duration) -> Result<(), StopError> {
        self.actor.stop(deadline).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{RaftStatus, SystemClock};
    use crate::testing::{Cluster, FakeLog, FakeRaft, within};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_primary_moves_the_time_of_the_log() {
        let supervisor = Supervisor::new(tokio::runtime::Handle::current());
        let log = Arc::new(FakeLog::new(Cluster::new(1)));
        let raft = Arc::new(FakeRaft::new(RaftStatus::default()));
        let clock = Arc::new(SystemClock::default());
        let ticker = Ticker::start(&supervisor, log.clone(), raft.clone(), clock.clone()).unwrap();
        let start_ms = clock.unix_ms();
        assert!(log.view().state.clock_ms() < start_ms);
        raft.status.send_modify(|status| status.is_primary = true);
        within(log.wait_for(|view| view.state.clock_ms() >= start_ms)).await;
        within(ticker.stop(Duration::from_secs(10))).await.unwrap();
        within(supervisor.shutdown()).await.unwrap();
    }
}
