//! The shell of the failure detector: ticks on its own thread, so that no other actor's load delays it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flotilla_config::parameters::FailBack;
use flotilla_model::Command;

use super::beats::Beats;
use super::core::{Effect, FailoverConfig, FailoverCore, Observed, Patience};
use super::status::FailoverStatus;
use crate::parameters::Cached;
use crate::ports::{Clock, FitnessSource, MeshLinks, RaftControl, ReplicatedLog};
use crate::supervision::{
    ActorHandle, Ctx, Observer, Policy, Published, SpawnError, StopError, Supervised, Supervisor,
};

/// Ten heartbeats within the default connection timeout: one lost or late one changes nothing.
const HEARTBEAT_EVERY: Duration = Duration::from_millis(100);

/// What the failure detector is joined with.
#[derive(Clone)]
pub struct FailoverPorts {
    /// The log.
    pub log: Arc<dyn ReplicatedLog>,
    /// Raft.
    pub raft: Arc<dyn RaftControl>,
    /// The mesh.
    pub links: Arc<dyn MeshLinks>,
    /// Heartbeats of the peers.
    pub beats: Beats,
    /// This node's fitness.
    pub fitness: Arc<dyn FitnessSource>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Log index up to which the parameters are in effect here; see [`crate::config_sync`].
    pub parameters_index: Arc<AtomicU64>,
}

pub(crate) struct Detector {
    ports: FailoverPorts,
    config: FailoverConfig,
    core: FailoverCore,
    patience: Cached<Patience>,
    status: Published<FailoverStatus>,
}

impl Detector {
    fn go_on(&mut self, is_tick: bool, ctx: &mut Ctx<'_, Self>) {
        let (view, raft, links) = (self.ports.log.view(), self.ports.raft.status(), self.ports.links.links());
        let patience = self.patience.read(&view.state, self.config.node, |parameters| Patience {
            connection_timeout_ms: u64::try_from(parameters.cluster_connection_timeout().as_millis())
                .unwrap_or(u64::MAX),
            fails_back: parameters.fail_back() == FailBack::Automatic,
        });
        let observed = Observed {
            links: &links,
            beats: &self.ports.beats.latest(),
            raft: &raft,
            state: &view.state,
            fitness: self.ports.fitness.fitness(),
            parameters_index: self.ports.parameters_index.load(Ordering::Relaxed),
        };
        let effects = self.core.decide(&observed, patience, self.ports.clock.monotonic_ms());
        if is_tick {
            self.ports.links.send_heartbeat(&self.core.heartbeat(&observed));
        }
        for effect in effects {
            self.carry_out(effect, ctx);
        }
        self.status.set(self.core.status().clone());
    }

    fn carry_out(&mut self, effect: Effect, ctx: &mut Ctx<'_, Self>) {
        let raft = Arc::clone(&self.ports.raft);
        match effect {
            Effect::SuspectDead { primary, next } => {
                tracing::warn!(%primary, next = next.map(|node| node.0), "the primary is dead");
                raft.suspect_primary(primary);
            }
            Effect::Campaign => {
                tracing::warn!("standing for election");
                ctx.offload(async move { raft.campaign().await }, |_, answer, _| log_failure("election", answer));
            }
            Effect::TransferLeadership { to, reason } => {
                tracing::warn!(%to, reason, "handing the lead over");
                let transfer = async move { raft.transfer_leadership(to).await };
                ctx.offload(transfer, |_, answer, _| log_failure("hand-over", answer));
            }
            Effect::ProposeLost { node, session, reason } => {
                tracing::warn!(%node, reason, "declaring a node lost");
                let log = Arc::clone(&self.ports.log);
                let now_ms = self.ports.clock.unix_ms();
                let lost = Command::NodeLost { node, session, reason: reason.to_owned(), now_ms };
                let proposal = async move { log.propose_many(&[lost]).await.map(drop) };
                ctx.offload(proposal, |_, answer, _| log_failure("declaring a node lost", answer));
            }
        }
    }
}

fn log_failure<E: std::fmt::Display>(what: &str, answer: Result<(), E>) {
    if let Err(error) = answer {
        tracing::warn!(%error, "{what} came to nothing, it is tried again");
    }
}

impl Supervised for Detector {
    fn on_tick(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.go_on(true, ctx);
    }

    fn on_wake(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.go_on(false, ctx);
    }
}

/// The failure detector of a node.
#[derive(Clone)]
pub struct Failover {
    actor: ActorHandle<Detector>,
    status: Observer<FailoverStatus>,
}

impl Failover {
    /// Starts it. Critical: a node that cannot tell who is alive must not take part.
    pub fn start(supervisor: &Supervisor, ports: FailoverPorts, config: FailoverConfig) -> Result<Self, SpawnError> {
        let status = Published::new(FailoverStatus::default());
        let observer = status.observer();
        let policy = Policy::critical("liveness").with_tick(HEARTBEAT_EVERY);
        let (links, raft, runtime) = (Arc::clone(&ports.links), Arc::clone(&ports.raft), supervisor.runtime().clone());
        let factory = move || {
            Ok(Detector {
                ports: ports.clone(),
                config,
                core: FailoverCore::new(config),
                patience: Cached::default(),
                status: status.clone(),
            })
        };
        let actor = supervisor.spawn("failover", policy, factory)?;
        // Evidence must not wait for a tick.
        actor.wake_on(&runtime, links.changes());
        actor.wake_on(&runtime, raft.changes());
        Ok(Self { actor, status: observer })
    }

    /// What it knows.
    pub fn status(&self) -> &Observer<FailoverStatus> {
        &self.status
    }

    /// Stops it.
    pub async fn stop(&self, deadline: Duration) -> Result<(), StopError> {
        self.actor.stop(deadline).await
    }
}
