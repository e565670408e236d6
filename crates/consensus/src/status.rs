//! What a node shows of itself.

use std::collections::BTreeMap;

use flotilla_model::NodeId;
use openraft::async_runtime::WatchReceiver;
use openraft::type_config::alias::{InstantOf, WatchReceiverOf};
use openraft::{Instant as _, LogIdOptionExt, ServerState};
use serde::{Deserialize, Serialize};

use crate::types::{PeerAddress, Raft, TypeConfig};

/// What a node is in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Leads: all writes go through it.
    Primary,
    /// Votes and follows.
    Secondary,
    /// Follows without a vote.
    Learner,
    /// Stands for election.
    Candidate,
    /// Has stopped, or failed.
    Stopped,
}

/// How far a follower is, as the primary knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerProgress {
    /// Last entry that it has on disk.
    pub matched_index: Option<u64>,
    /// Entries that it lacks.
    pub lag: u64,
}

/// State of a node's consensus, for the console, the metrics and tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// This node.
    pub node: NodeId,
    /// What it is.
    pub role: Role,
    /// Raft's term.
    pub term: u64,
    /// The primary that it knows.
    pub leader: Option<NodeId>,
    /// Last entry of its log.
    pub last_log_index: Option<u64>,
    /// Last entry that it knows to be committed.
    pub committed_index: Option<u64>,
    /// Last entry that is in its state.
    pub applied_index: Option<u64>,
    /// Last entry that is in its snapshot.
    pub snapshot_index: Option<u64>,
    /// Last entry that was dropped from its log.
    pub purged_index: Option<u64>,
    /// On the primary: how far the others are.
    pub peers: BTreeMap<NodeId, PeerProgress>,
    /// On the primary: time since the newest message that a majority has acknowledged; nothing before the first.
    pub quorum_silence_ms: Option<u64>,
    /// Members with a vote.
    pub voters: BTreeMap<NodeId, PeerAddress>,
    /// Members without one.
    pub learners: BTreeMap<NodeId, PeerAddress>,
    /// Whether a change of the voters is under way.
    pub is_joint: bool,
    /// How many times the log was synced since the start.
    pub log_syncs: u64,
    /// Why this node no longer takes part, if so.
    pub fatal_error: Option<String>,
}

/// Waits for changes of the status; a slow one sees the latest only.
pub struct StatusWatch {
    metrics: WatchReceiverOf<TypeConfig, openraft::RaftMetrics<TypeConfig>>,
}

impl StatusWatch {
    pub(crate) fn new(raft: &Raft) -> Self {
        let mut metrics = raft.metrics();
        metrics.borrow_and_update();
        Self { metrics }
    }

    /// Returns when the status has changed since the last call; `false` when it never will again.
    pub async fn changed(&mut self) -> bool {
        self.metrics.changed().await.is_ok()
    }
}

/// Waits for changes of term, primary, role and membership only: how far the log is changes several times with every entry.
pub struct StandingWatch {
    metrics: WatchReceiverOf<TypeConfig, openraft::metrics::RaftServerMetrics<TypeConfig>>,
}

impl StandingWatch {
    pub(crate) fn new(raft: &Raft) -> Self {
        let mut metrics = raft.server_metrics();
        metrics.borrow_and_update();
        Self { metrics }
    }

    /// Returns when one of them has changed since the last call; `false` when none ever will again.
    pub async fn changed(&mut self) -> bool {
        self.metrics.changed().await.is_ok()
    }
}

pub(crate) fn status(raft: &Raft, log_syncs: u64, log_failure: Option<String>) -> Status {
    let metrics = raft.metrics().borrow_watched().clone();
    let membership = metrics.membership_config.membership();
    let voter_ids: std::collections::BTreeSet<_> = membership.voter_ids().collect();
    let (voters, learners) = membership
        .nodes()
        .map(|(id, address)| (NodeId(*id), address.clone()))
        .partition(|(id, _)| voter_ids.contains(&id.0));
    let last = metrics.last_log_index.map_or(0, |index| index + 1);
    let progress = |matched: Option<u64>| PeerProgress {
        matched_index: matched,
        lag: last.saturating_sub(matched.map_or(0, |index| index + 1)),
    };
    let replication = metrics.replication.clone().unwrap_or_default();
    let others = replication.into_iter().filter(|(id, _)| *id != metrics.id);
    let peers = others.map(|(id, matched)| (NodeId(id), progress(matched.index()))).collect();
    let failure = metrics.running_state.as_ref().err().map(ToString::to_string);
    Status {
        node: NodeId(metrics.id),
        role: role(metrics.state, metrics.running_state.is_ok()),
        term: metrics.current_term,
        leader: metrics.current_leader.map(NodeId),
        last_log_index: metrics.last_log_index,
        committed_index: metrics.local_committed.index(),
        applied_index: metrics.last_applied.index(),
        snapshot_index: metrics.snapshot.index(),
        purged_index: metrics.purged.index(),
        peers,
        quorum_silence_ms: quorum_silence(&metrics),
        voters,
        learners,
        is_joint: membership.get_joint_config().len() > 1,
        log_syncs,
        fatal_error: log_failure.or(failure),
    }
}

fn quorum_silence(metrics: &openraft::RaftMetrics<TypeConfig>) -> Option<u64> {
    if metrics.state != ServerState::Leader {
        return None;
    }
    let mut voters = metrics.membership_config.membership().voter_ids();
    // Alone it is the majority, and has nobody who acknowledges anything.
    if voters.all(|id| id == metrics.id) {
        return Some(0);
    }
    let acknowledged = metrics.last_quorum_acked?.into_inner();
    let silence = InstantOf::<TypeConfig>::now().saturating_duration_since(acknowledged);
    Some(u64::try_from(silence.as_millis()).unwrap_or(u64::MAX))
}

fn role(state: ServerState, is_running: bool) -> Role {
    match state {
        _ if !is_running => Role::Stopped,
        ServerState::Leader => Role::Primary,
        ServerState::Follower => Role::Secondary,
        ServerState::Learner => Role::Learner,
        ServerState::Candidate => Role::Candidate,
        ServerState::Shutdown => Role::Stopped,
    }
}
