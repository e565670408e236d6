//! The shell of config sync.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flotilla_model::NodeId;

use super::core::{Apply, SyncCore};
use super::drift::DriftDetector;
use super::status::{Agreement, ConfigSyncStatus, Drift};
use crate::failover::Beats;
use crate::ports::{Clock, ParameterSink, RaftControl, ReplicatedLog, calmed};
use crate::supervision::{
    ActorHandle, BoxError, Ctx, Observer, Policy, Published, SpawnError, StopError, Supervised, Supervisor,
};

/// Refused parameters are tried again, and checkpoints compared, this often when nothing else happens.
const TICK: Duration = Duration::from_secs(1);
/// A component that takes a value for longer counts as refusing it, so that the other parameters go on.
const APPLY_TIMEOUT: Duration = Duration::from_secs(10);

/// What config sync is joined with.
#[derive(Clone)]
pub struct ConfigSyncPorts {
    /// The log.
    pub log: Arc<dyn ReplicatedLog>,
    /// Raft, for this node's checkpoints.
    pub raft: Arc<dyn RaftControl>,
    /// Heartbeats, for the others' checkpoints.
    pub beats: Beats,
    /// The components.
    pub sink: Arc<dyn ParameterSink>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where the failure detector reads up to which index the parameters are in effect, to tell the others.
    pub parameters_index: Arc<AtomicU64>,
}

pub(crate) struct Sync {
    ports: ConfigSyncPorts,
    core: SyncCore,
    drift: DriftDetector,
    agreed: BTreeMap<NodeId, Agreement>,
    status: Published<ConfigSyncStatus>,
}

impl Sync {
    fn go_on(&mut self, ctx: &mut Ctx<'_, Self>) {
        let view = self.ports.log.view();
        if let Some(Apply { name, value }) = self.core.decide(&view, self.ports.clock.monotonic_ms()) {
            let sink = Arc::clone(&self.ports.sink);
            ctx.offload(async move { apply(&*sink, name, &value).await }, move |sync, outcome, ctx| {
                if let Err(reason) = &outcome {
                    tracing::error!(name, %reason, "a parameter could not be put into effect, it is tried again");
                }
                sync.core.on_applied(outcome, sync.ports.clock.monotonic_ms());
                sync.go_on(ctx);
            });
        }
        self.compare_states(&view.state);
        self.publish();
    }

    fn compare_states(&mut self, state: &flotilla_model::State) {
        self.drift.retain(|node| state.members.contains(&node));
        let mut found = Vec::new();
        if let Some(own) = self.ports.raft.status().checkpoint {
            found.extend(self.drift.on_own(own));
        }
        for (node, (beat, _)) in self.ports.beats.latest() {
            if let Some(theirs) = beat.checkpoint.filter(|_| state.members.contains(&node)) {
                found.extend(self.drift.on_other(node, theirs));
            }
        }
        let at_ms = self.ports.clock.unix_ms();
        let compared = self.drift.compared();
        self.agreed.retain(|node, _| compared.contains_key(node));
        for (node, index) in compared {
            if self.agreed.get(&node).is_none_or(|known| known.index != index) {
                self.agreed.insert(node, Agreement { index, at_ms });
            }
        }
        for Drift { node, index, own_digest, its_digest } in found {
            tracing::error!(%node, index, own_digest, its_digest, "two nodes have different states at the same log index");
        }
    }

    fn publish(&self) {
        self.ports.parameters_index.store(self.core.parameters_index(), Ordering::Relaxed);
        self.status.set(ConfigSyncStatus {
            parameters_index: self.core.parameters_index(),
            pending: self.core.pending(),
            failures: self.core.failures(),
            drifts: self.drift.drifts(),
            agreed: self.agreed.clone(),
        });
    }
}

async fn apply(sink: &dyn ParameterSink, name: &str, value: &str) -> Result<(), String> {
    match tokio::time::timeout(APPLY_TIMEOUT, sink.apply(name, value)).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err(format!("not in effect within {APPLY_TIMEOUT:?}")),
    }
}

impl Supervised for Sync {
    fn started(&mut self, ctx: &mut Ctx<'_, Self>) -> Result<(), BoxError> {
        self.go_on(ctx);
        Ok(())
    }

    fn on_tick(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.go_on(ctx);
    }

    fn on_wake(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.go_on(ctx);
    }
}

/// Config sync of a node.
#[derive(Clone)]
pub struct ConfigSync {
    actor: ActorHandle<Sync>,
    status: Observer<ConfigSyncStatus>,
}

impl ConfigSync {
    /// Starts it. A restarted one puts all parameters into effect anew.
    pub fn start(supervisor: &Supervisor, ports: ConfigSyncPorts, node: NodeId) -> Result<Self, SpawnError> {
        let status = Published::new(ConfigSyncStatus::default());
        let observer = status.observer();
        let (log, runtime) = (Arc::clone(&ports.log), supervisor.runtime().clone());
        let factory = move || {
            let (core, drift) = (SyncCore::new(node), DriftDetector::default());
            Ok(Sync { ports: ports.clone(), core, drift, agreed: BTreeMap::new(), status: status.clone() })
        };
        let actor = supervisor.spawn("config-sync", Policy::ordinary("control").with_tick(TICK), factory)?;
        actor.wake_on(&runtime, calmed(log.changes()));
        Ok(Self { actor, status: observer })
    }

    /// What it knows.
    pub fn status(&self) -> &Observer<ConfigSyncStatus> {
        &self.status
    }

    /// Stops it.
    pub async fn stop(&self, deadline: Duration) -> Result<(), StopError> {
        self.actor.stop(deadline).await
    }
}
