//! The replicated log, in the words of each crate that reads or writes it.

use async_trait::async_trait;
use flotilla_actors::ports::{self as actor, Changes, ReplicatedLog};
use flotilla_config::parameters::{ClusterMode, Parameters};
use flotilla_consensus::{Consensus, ProposeError, Role};
use flotilla_gateway as gateway;
use flotilla_model::{Command, Outcome, State};

/// The log for actors and gateway; administration takes the consensus itself.
#[derive(Clone)]
pub(crate) struct Log(pub(crate) Consensus);

#[async_trait]
impl ReplicatedLog for Log {
    async fn propose_many(&self, commands: &[Command]) -> Result<actor::Applied, actor::ProposalError> {
        match self.0.propose_many(commands).await {
            Ok(applied) => Ok(actor::Applied {
                index: applied.last().map_or(0, |last| last.index),
                answers: applied.into_iter().map(|one| one.outcome).collect(),
            }),
            Err(ProposeError::Unknown) => {
                Err(actor::ProposalError::Unknown { reason: ProposeError::Unknown.to_string() })
            }
            Err(error) => Err(actor::ProposalError::NotAccepted { reason: error.to_string() }),
        }
    }

    fn view(&self) -> actor::View {
        let view = self.0.view();
        actor::View { index: view.index, term: view.term, state: view.state.clone() }
    }

    fn changes(&self) -> Changes {
        actor::changes(self.0.watch())
    }
}

impl Log {
    /// The primary's address for partners, on another node of a passive cluster.
    pub(crate) fn partners_elsewhere(&self) -> Option<String> {
        let view = self.0.view();
        let parameters = Parameters(|name: &str| view.state.parameter(name, None).map(|row| row.value.clone()));
        if parameters.cluster_mode() != ClusterMode::Passive {
            return None;
        }
        let status = self.0.status();
        if status.role == Role::Primary {
            return None;
        }
        let primary = status.leader.and_then(|node| view.state.members.get(&node));
        Some(primary.map_or_else(String::new, |member| member.transfer_url.clone()))
    }
}

#[async_trait]
impl gateway::Log for Log {
    fn state(&self) -> State {
        self.0.view().state.clone()
    }

    fn changes(&self) -> gateway::Changes {
        actor::changes(self.0.watch())
    }

    async fn latest(&self) -> Option<State> {
        self.0.linearizable_view().await.ok().map(|view| view.state.clone())
    }

    fn standby(&self) -> Option<String> {
        self.partners_elsewhere()
    }

    async fn propose(&self, command: Command) -> Result<Outcome, gateway::ProposeError> {
        match self.0.propose(command).await {
            Ok(applied) => Ok(applied.outcome?),
            Err(ProposeError::Unknown) => Err(gateway::ProposeError::Unknown(ProposeError::Unknown.to_string())),
            Err(error) => Err(gateway::ProposeError::NotDone(error.to_string())),
        }
    }
}
