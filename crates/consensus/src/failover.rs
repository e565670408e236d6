//! What survivors do when they know that the primary is dead.
//!
//! Raft dissertation, 4.2.3: an election that the leader has authorized need not wait for its lease. A leader that is known
//! to be dead cannot object: each survivor voids the lease for itself, and the next in promotion order stands at once,
//! with the mark that makes voters without evidence grant it as well. A wrong suspicion costs an election, no more.

use flotilla_model::NodeId;
use openraft::async_runtime::WatchReceiver;
use openraft::raft::TransferLeaderRequest;

use crate::election::Contact;
use crate::types::Raft;

pub(crate) async fn suspect_dead(raft: &Raft, contact: &Contact, node: NodeId, primary: NodeId, next: Option<NodeId>) {
    let (vote, leader) = {
        let metrics = raft.server_metrics();
        let metrics = metrics.borrow_watched();
        (metrics.vote, metrics.current_leader.map(NodeId))
    };
    let is_primary = vote.committed && vote.leader_id.voted_for == primary.0 && leader == Some(primary);
    if !is_primary || primary == node {
        return;
    }
    tracing::info!(%primary, ?next, "the primary is known to be dead");
    // If the next one cannot win, the others follow in their order.
    contact.suspect();
    let successor = next.unwrap_or(primary);
    let request = TransferLeaderRequest::new(vote, successor.0, None);
    match raft.handle_transfer_leader(request).await {
        Ok(Ok(())) => {}
        Ok(Err(refusal)) => tracing::info!(%refusal, "not the time to succeed the primary at once"),
        Err(stopped) => tracing::info!(%stopped, "cannot succeed the primary"),
    }
}
