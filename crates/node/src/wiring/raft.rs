//! Raft's levers for the actors.

use std::collections::BTreeMap;

use async_trait::async_trait;
use flotilla_actors::ports::{Changes, Checkpoint, RaftControl, RaftFailure, RaftStatus};
use flotilla_consensus::{Consensus, MembershipError, PeerAddress, Role};
use flotilla_model::NodeId;
use futures::stream;
use tokio::runtime::Handle;

/// Status and levers.
pub(crate) struct RaftLevers {
    pub(crate) node: NodeId,
    pub(crate) consensus: Consensus,
    pub(crate) runtime: Handle,
}

fn failed(error: MembershipError) -> RaftFailure {
    RaftFailure(error.to_string())
}

#[async_trait]
impl RaftControl for RaftLevers {
    fn status(&self) -> RaftStatus {
        let status = self.consensus.status();
        let matched = |(node, progress): (&NodeId, &flotilla_consensus::PeerProgress)| {
            progress.matched_index.map(|index| (*node, index))
        };
        let replicated_index: BTreeMap<_, _> = status.peers.iter().filter_map(matched).collect();
        let last = self.consensus.checkpoints().last().map(|one| Checkpoint { index: one.index, digest: one.digest });
        RaftStatus {
            term: status.term,
            primary: status.leader,
            is_primary: status.role == Role::Primary && status.leader == Some(self.node),
            last_log_index: status.last_log_index.unwrap_or(0),
            committed_index: status.committed_index.unwrap_or(0),
            applied_index: status.applied_index.unwrap_or(0),
            voters: status.voters.keys().copied().collect(),
            learners: status.learners.keys().copied().collect(),
            is_changing: status.is_joint,
            replicated_index,
            checkpoint: last,
        }
    }

    fn changes(&self) -> Changes {
        let changes = self.consensus.watch_standing();
        Box::pin(stream::unfold(changes, |mut changes| async move { changes.changed().await.then_some(((), changes)) }))
    }

    async fn add_learner(&self, node: NodeId, name: String, address: String) -> Result<(), RaftFailure> {
        self.consensus.add_learner(node, PeerAddress { name, address }).await.map_err(failed)
    }

    async fn change_voters(&self, voters: Vec<NodeId>) -> Result<(), RaftFailure> {
        self.consensus.change_voters(&voters.into_iter().collect()).await.map_err(failed)
    }

    async fn remove_node(&self, node: NodeId) -> Result<(), RaftFailure> {
        self.consensus.remove(node).await.map_err(failed)
    }

    fn set_promotion_order(&self, order: Vec<NodeId>) {
        let rank = order.iter().position(|node| *node == self.node).unwrap_or(order.len());
        self.consensus.set_rank(rank as u32);
    }

    fn suspect_primary(&self, primary: NodeId) {
        let consensus = self.consensus.clone();
        // Ends when Raft has taken note.
        self.runtime.spawn(async move { consensus.suspect_dead(primary, None).await });
    }

    async fn campaign(&self) -> Result<(), RaftFailure> {
        if let Some(primary) = self.consensus.status().leader {
            self.consensus.suspect_dead(primary, Some(self.node)).await;
        }
        Ok(())
    }

    async fn transfer_leadership(&self, to: NodeId) -> Result<(), RaftFailure> {
        self.consensus.transfer_leadership(to).await.map_err(failed)
    }
}
