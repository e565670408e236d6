//! The shell of the rotation.

use std::sync::Arc;
use std::time::Duration;

use flotilla_model::{Command, NodeId};

use super::core::{Effect, RotationCore};
use super::status::RotationStatus;
use crate::ports::{Clock, RaftControl, ReplicatedLog, SecretKeeper, calmed};
use crate::supervision::{
    ActorHandle, BoxError, Ctx, Observer, Policy, Published, SpawnError, StopError, Supervised, Supervisor,
};

/// For what came to nothing; changes wake it at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the rotation is joined with.
#[derive(Clone)]
pub struct RotationPorts {
    /// The log.
    pub log: Arc<dyn ReplicatedLog>,
    /// Whether this node leads.
    pub raft: Arc<dyn RaftControl>,
    /// The secrets.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl RotationPorts {
    async fn carry_out(&self, node: NodeId, effect: &Effect) -> Result<(), String> {
        match effect {
            Effect::Adopt(rotation) => self.keeper.adopt(rotation.clone()).await,
            Effect::Retire => self.keeper.retire().await,
            Effect::Announce(fingerprint) => {
                self.propose(Command::SecretAdopted { node, fingerprint: fingerprint.clone() }).await
            }
            Effect::Finish(fingerprint) => {
                // Values first: when the rotation has ended, nothing of the state needs the former secret.
                for command in self.keeper.seal_anew(&self.log.view().state)? {
                    self.propose(command).await?;
                }
                let now_ms = self.clock.now().unix_ms;
                let finish = Command::FinishRotation { fingerprint: fingerprint.clone(), force: false, now_ms };
                self.propose(finish).await
            }
        }
    }

    async fn propose(&self, command: Command) -> Result<(), String> {
        let applied = self.log.propose_many(&[command]).await.map_err(|error| error.to_string())?;
        applied.answers.into_iter().try_for_each(|answer| answer.map(drop).map_err(|rejection| rejection.to_string()))
    }
}

pub(crate) struct Rotation {
    node: NodeId,
    ports: RotationPorts,
    core: RotationCore,
    status: Published<RotationStatus>,
}

impl Rotation {
    fn go_on(&mut self, ctx: &mut Ctx<'_, Self>) {
        let (view, is_primary) = (self.ports.log.view(), self.ports.raft.status().is_primary);
        let effect = self.core.decide(&view.state, is_primary, self.ports.keeper.in_force(), self.ports.clock.now());
        self.status.set(self.core.status().clone());
        let Some(effect) = effect else { return };
        let (ports, node, job) = (self.ports.clone(), self.node, effect.clone());
        ctx.offload(async move { ports.carry_out(node, &job).await }, move |rotation, outcome, ctx| {
            match &outcome {
                Ok(()) => tracing::info!(step = name(&effect), "change of the cluster secret"),
                Err(error) => tracing::warn!(step = name(&effect), error, "change of the cluster secret is held up"),
            }
            rotation.core.on_done(&effect, outcome, rotation.ports.clock.now());
            rotation.go_on(ctx);
        });
    }
}

fn name(effect: &Effect) -> &'static str {
    match effect {
        Effect::Adopt(_) => "adopt",
        Effect::Announce(_) => "announce",
        Effect::Finish(_) => "finish",
        Effect::Retire => "retire",
    }
}

impl Supervised for Rotation {
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

/// The rotation of a node.
#[derive(Clone)]
pub struct SecretRotations {
    actor: ActorHandle<Rotation>,
    status: Observer<RotationStatus>,
}

impl SecretRotations {
    /// Starts it. Ordinary: without it the node goes on with the secrets in force.
    pub fn start(supervisor: &Supervisor, ports: RotationPorts, node: NodeId) -> Result<Self, SpawnError> {
        let status = Published::new(RotationStatus::default());
        let observer = status.observer();
        let log = Arc::clone(&ports.log);
        let factory =
            move || Ok(Rotation { node, ports: ports.clone(), core: RotationCore::new(node), status: status.clone() });
        let actor = supervisor.spawn("secret-rotation", Policy::ordinary("control").with_tick(LOOK_EVERY), factory)?;
        actor.wake_on(supervisor.runtime(), calmed(log.changes()));
        Ok(Self { actor, status: observer })
    }

    /// The secrets in force, and what is in the way of new ones.
    pub fn status(&self) -> &Observer<RotationStatus> {
        &self.status
    }

    /// Stops it.
    pub async fn stop(&self, deadline: Duration) -> Result<(), StopError> {
        self.actor.stop(deadline).await
    }
}
