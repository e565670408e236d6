//! The shell of membership.

use std::sync::Arc;
use std::time::Duration;

use super::core::{Effect, MembershipConfig, MembershipCore};
use super::status::MembershipStatus;
use crate::ports::{Clock, MeshLinks, RaftControl, RaftFailure, ReplicatedLog, calmed};
use crate::supervision::{
    ActorHandle, BoxError, Ctx, Observer, Policy, Published, SpawnError, StopError, Supervised, Supervisor,
};

/// How far learners are is not told as a change, so it is looked at.
const TICK: Duration = Duration::from_millis(250);

/// What membership is joined with.
#[derive(Clone)]
pub struct MembershipPorts {
    /// The log.
    pub log: Arc<dyn ReplicatedLog>,
    /// Raft.
    pub raft: Arc<dyn RaftControl>,
    /// The mesh.
    pub links: Arc<dyn MeshLinks>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

pub(crate) struct Keeper {
    ports: MembershipPorts,
    core: MembershipCore,
    status: Published<MembershipStatus>,
}

impl Keeper {
    fn go_on(&mut self, ctx: &mut Ctx<'_, Self>) {
        let effects = self.core.decide(&self.ports.log.view(), &self.ports.raft.status(), self.ports.clock.now());
        for effect in effects {
            self.carry_out(effect, ctx);
        }
        self.status.set(self.core.status().clone());
    }

    fn carry_out(&mut self, effect: Effect, ctx: &mut Ctx<'_, Self>) {
        let raft = Arc::clone(&self.ports.raft);
        match effect {
            Effect::SetPeers(peers) => self.ports.links.set_peers(peers),
            Effect::SetBarred(nodes) => self.ports.links.set_barred(nodes),
            Effect::SetPromotionOrder(order) => raft.set_promotion_order(order),
            Effect::Announce(command) => {
                let log = Arc::clone(&self.ports.log);
                let proposal = async move {
                    let applied = log.propose_many(&[*command]).await.map_err(|error| error.to_string())?;
                    let refused = applied.answers.into_iter().find_map(Result::err);
                    refused.map_or(Ok(()), |rejection| Err(rejection.to_string()))
                };
                ctx.offload(proposal, |keeper, outcome, ctx| {
                    if let Err(reason) = &outcome {
                        tracing::info!(%reason, "this node's start is not in the log yet");
                    }
                    keeper.core.on_announced(outcome, keeper.ports.clock.now());
                    keeper.go_on(ctx);
                });
            }
            Effect::AddLearner(peer) => {
                tracing::info!(node = %peer.node, name = %peer.name, "adding a member to the cluster");
                self.change(async move { raft.add_learner(peer.node, peer.name, peer.address).await }, ctx);
            }
            Effect::ChangeVoters(voters) => {
                tracing::info!(?voters, "changing the voters");
                self.change(async move { raft.change_voters(voters).await }, ctx);
            }
            Effect::RemoveNode(node) => {
                tracing::info!(%node, "removing a former member");
                self.change(async move { raft.remove_node(node).await }, ctx);
            }
            Effect::TransferLeadership(to) => {
                tracing::info!(%to, "this node was removed and hands the lead over");
                self.change(async move { raft.transfer_leadership(to).await }, ctx);
            }
        }
    }

    fn change<F>(&self, change: F, ctx: &mut Ctx<'_, Self>)
    where
        F: Future<Output = Result<(), RaftFailure>> + Send + 'static,
    {
        ctx.offload(change, |keeper, outcome, ctx| {
            if let Err(error) = &outcome {
                tracing::warn!(%error, "a change of the membership came to nothing, it is tried again");
            }
            keeper.core.on_changed(outcome.map_err(|error| error.to_string()), keeper.ports.clock.now());
            keeper.go_on(ctx);
        });
    }
}

impl Supervised for Keeper {
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

/// The membership actor of a node.
#[derive(Clone)]
pub struct Membership {
    actor: ActorHandle<Keeper>,
    status: Observer<MembershipStatus>,
}

impl Membership {
    /// Starts it.
    pub fn start(
        supervisor: &Supervisor,
        ports: MembershipPorts,
        config: MembershipConfig,
    ) -> Result<Self, SpawnError> {
        let status = Published::new(MembershipStatus::default());
        let observer = status.observer();
        let (log, raft, runtime) = (Arc::clone(&ports.log), Arc::clone(&ports.raft), supervisor.runtime().clone());
        let factory = move || {
            Ok(Keeper { ports: ports.clone(), core: MembershipCore::new(config.clone()), status: status.clone() })
        };
        let actor = supervisor.spawn("membership", Policy::critical("control").with_tick(TICK), factory)?;
        actor.wake_on(&runtime, calmed(log.changes()));
        actor.wake_on(&runtime, raft.changes());
        Ok(Self { actor, status: observer })
    }

    /// What it knows.
    pub fn status(&self) -> &Observer<MembershipStatus> {
        &self.status
    }

    /// Stops it.
    pub async fn stop(&self, deadline: Duration) -> Result<(), StopError> {
        self.actor.stop(deadline).await
    }
}
