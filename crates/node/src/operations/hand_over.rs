//! The lead, handed over in order.

use std::time::{Duration, Instant};

use flotilla_admin::nodes::{NodeAnswer, NodeProblem};
use flotilla_consensus::{Role, Status};
use flotilla_model::{NodeId, State};

use super::Operations;

/// Entries that the next primary may be behind: they are sent to it before it is told to stand.
const LAG_MAX: u64 = 1_000;
/// A hand-over takes milliseconds; then the other node did not take the lead.
const DEADLINE: Duration = Duration::from_secs(3);

impl Operations {
    pub(super) async fn hand_over(&self, to: Option<NodeId>) -> Result<NodeAnswer, NodeProblem> {
        let status = self.consensus.status();
        if status.role != Role::Primary {
            return Err(
                NodeProblem::unavailable(format!("node {} does not lead any more", self.node)).mend("try again")
            );
        }
        let state = self.consensus.view().state.clone();
        let to = match to {
            Some(to) => may_lead(to, self.node, &status, &state).map(|()| to)?,
            None => {
                let able = |node: &&NodeId| may_lead(**node, self.node, &status, &state).is_ok();
                let first = state.servers().iter().find(able).copied();
                first.ok_or_else(|| NodeProblem::wrong_state("no other node that votes has caught up"))?
            }
        };
        let begun = Instant::now();
        let mut changes = self.consensus.watch_status();
        let ordered = self.consensus.transfer_leadership(to).await;
        ordered.map_err(|error| NodeProblem::unavailable(error.to_string()))?;
        let taken = async {
            loop {
                if self.consensus.status().leader == Some(to) || !changes.changed().await {
                    return;
                }
            }
        };
        if tokio::time::timeout(DEADLINE, taken).await.is_err() {
            let leader = self.consensus.status().leader;
            let leads = leader.map_or_else(|| "nobody leads".to_owned(), |node| format!("node {node} leads"));
            return Err(NodeProblem::unknown(format!("node {to} did not take the lead in {DEADLINE:?}: {leads}")));
        }
        let took_ms = begun.elapsed().as_millis() as u64;
        tracing::info!(%to, took_ms, "the lead was handed over");
        Ok(NodeAnswer::HandedOver { from: self.node, to, took_ms })
    }
}

/// Whether a node can take the lead now.
fn may_lead(to: NodeId, own: NodeId, status: &Status, state: &State) -> Result<(), NodeProblem> {
    let Some(member) = state.members.get(&to) else {
        return Err(NodeProblem::not_found(format!("there is no member {to}")).mend("see flotilla servers list"));
    };
    if to == own {
        return Err(NodeProblem::wrong_state(format!("node {to} leads already")));
    }
    if !status.voters.contains_key(&to) {
        return Err(NodeProblem::wrong_state(format!("node {to} does not vote, so it cannot lead")));
    }
    if !member.is_up() {
        return Err(NodeProblem::wrong_state(format!("node {to} is down")));
    }
    if !member.is_full() {
        return Err(NodeProblem::wrong_state(format!("node {to} is a witness: it leads only when no other node can")));
    }
    let last = status.last_log_index.unwrap_or(0);
    let has = status.peers.get(&to).and_then(|peer| peer.matched_index).unwrap_or(0);
    if has + LAG_MAX < last {
        let detail = format!("node {to} is {} entries behind", last - has);
        return Err(NodeProblem::wrong_state(detail).mend("wait until it has caught up: flotilla status"));
    }
    Ok(())
}
