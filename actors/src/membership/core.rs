//! What the membership actor decides. Pure; level-triggered: it compares the list with what is, one change at a time.

use std::collections::BTreeSet;

use flotilla_model::{Command, Member, NodeId, SessionId};

use super::status::MembershipStatus;
use super::voters::{Standing, desired_voters};
use crate::ports::{Now, Peer, RaftStatus, View};

/// How this node announces its process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Version of the software.
    pub version: String,
    /// `host:port` of the cluster listener, as others reach it.
    pub mesh_address: String,
    /// Where administrators go.
    pub admin_url: String,
    /// Where partners go.
    pub transfer_url: String,
}

/// Who this is.
#[derive(Debug, Clone)]
pub struct MembershipConfig {
    /// This node.
    pub node: NodeId,
    /// This process.
    pub session: SessionId,
    /// What it tells of itself.
    pub announcement: Announcement,
}

/// What the shell does. Those that are answered are answered by [`MembershipCore::on_answer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Whom the mesh keeps connections with.
    SetPeers(Vec<Peer>),
    /// Former members, whom nobody lets in any more.
    SetBarred(Vec<NodeId>),
    /// The order of promotion.
    SetPromotionOrder(Vec<NodeId>),
    /// Propose that this process runs. Answered.
    Announce(Box<Command>),
    /// A member begins to follow. Answered.
    AddLearner(Peer),
    /// These vote. Answered.
    ChangeVoters(Vec<NodeId>),
    /// A former member no longer follows. Answered.
    RemoveNode(NodeId),
    /// This node was removed, or is about to be, and must not lead. Answered.
    TransferLeadership(NodeId),
}

/// A learner this close to the end of the log has caught up: the rest is on its way within a heartbeat.
const CAUGHT_UP_LAG: u64 = 1_000;
/// A voter that is gone for this long gives its vote up, if another member can take it.
const LONG_GONE_MS: u64 = 60_000;
/// After something came to nothing.
const RETRY_MS: u64 = 1_000;

/// The decisions.
#[derive(Debug)]
pub struct MembershipCore {
    config: MembershipConfig,
    peers: Option<Vec<Peer>>,
    order: Option<Vec<NodeId>>,
    barred: Vec<NodeId>,
    announcing: bool,
    changing: bool,
    announce_not_before_ms: u64,
    change_not_before_ms: u64,
    status: MembershipStatus,
}

impl MembershipCore {
    /// Knows nothing yet.
    pub fn new(config: MembershipConfig) -> Self {
        Self {
            config,
            peers: None,
            order: None,
            barred: Vec::new(),
            announcing: false,
            changing: false,
            announce_not_before_ms: 0,
            change_not_before_ms: 0,
            status: MembershipStatus::default(),
        }
    }

    /// What is known.
    pub fn status(&self) -> &MembershipStatus {
        &self.status
    }

    /// An announcement ended.
    pub fn on_announced(&mut self, outcome: Result<(), String>, now: Now) {
        self.announcing = false;
        if let Err(reason) = outcome {
            self.announce_not_before_ms = now.monotonic_ms + RETRY_MS;
            self.status.last_failure = Some(reason);
        }
    }

    /// A change of Raft's membership ended.
    pub fn on_changed(&mut self, outcome: Result<(), String>, now: Now) {
        self.changing = false;
        match outcome {
            Ok(()) => self.status.changes += 1,
            Err(reason) => {
                self.change_not_before_ms = now.monotonic_ms + RETRY_MS;
                self.status.last_failure = Some(reason);
            }
        }
    }

    /// Compares what is with what should be.
    pub fn decide(&mut self, view: &View, raft: &RaftStatus, now: Now) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.tell_mesh_and_raft(view, &mut effects);
        self.announce(view, now, &mut effects);
        if raft.is_primary
            && !raft.is_changing
            && !self.changing
            && now.monotonic_ms >= self.change_not_before_ms
            && !view.state.members.is_empty()
            && let Some(change) = self.next_change(view, raft, now)
        {
            self.changing = true;
            effects.push(change);
        }
        self.status.servers = view.state.servers().to_vec();
        self.status.voters.clone_from(&raft.voters);
        self.status.learners.clone_from(&raft.learners);
        effects
    }

    fn tell_mesh_and_raft(&mut self, view: &View, effects: &mut Vec<Effect>) {
        let others = view.state.members.values().filter(|member| member.id != self.config.node);
        let peers: Vec<_> = others.map(peer).collect();
        // An empty state knows nobody yet: what a joining node was told to dial at its start stays.
        if self.peers.as_ref() != Some(&peers) && !view.state.members.is_empty() {
            effects.push(Effect::SetPeers(peers.clone()));
            self.peers = Some(peers);
        }
        let barred: Vec<_> = view.state.former_members().collect();
        if self.barred != barred {
            effects.push(Effect::SetBarred(barred.clone()));
            self.barred = barred;
        }
        let order = view.state.promotion_order();
        if self.order.as_ref() != Some(&order) && !order.is_empty() {
            effects.push(Effect::SetPromotionOrder(order.clone()));
            self.order = Some(order);
        }
    }

    /// The log must know that this process runs: at its start, and again if it was declared lost while it lived.
    fn announce(&mut self, view: &View, now: Now, effects: &mut Vec<Effect>) {
        let MembershipConfig { node, session, announcement } = &self.config;
        let Some(member) = view.state.members.get(node) else {
            self.status.announced = false;
            return;
        };
        self.status.announced = member.session == Some(*session);
        if self.status.announced || self.announcing || now.monotonic_ms < self.announce_not_before_ms {
            return;
        }
        self.announcing = true;
        effects.push(Effect::Announce(Box::new(Command::NodeStarted {
            node: *node,
            session: *session,
            version: announcement.version.clone(),
            mesh_address: announcement.mesh_address.clone(),
            admin_url: announcement.admin_url.clone(),
            transfer_url: announcement.transfer_url.clone(),
            now_ms: now.unix_ms,
        })));
    }

    fn next_change(&self, view: &View, raft: &RaftStatus, now: Now) -> Option<Effect> {
        let members = &view.state.members;
        let own = self.config.node;
        let has_log = |node: &NodeId| {
            raft.replicated_index.get(node).is_some_and(|index| index + CAUGHT_UP_LAG >= raft.last_log_index)
        };
        if !view.state.keeps_contents(own) {
            let stays = |node: &&NodeId| **node != own && view.state.keeps_contents(**node);
            let heirs: Vec<_> = raft.voters.iter().filter(stays).copied().collect();
            let order = view.state.promotion_order();
            let best = order.iter().find(|node| heirs.contains(node) && has_log(node));
            if let Some(heir) = best.or(heirs.first()) {
                return Some(Effect::TransferLeadership(*heir));
            }
            if !members.contains(&own) {
                return None;
            }
        }
        let voters: BTreeSet<_> = raft.voters.iter().copied().collect();
        let follows = |node: &NodeId| voters.contains(node) || raft.learners.contains(node);
        if let Some(stranger) = raft.learners.iter().find(|node| !members.contains(node)) {
            return Some(Effect::RemoveNode(*stranger));
        }
        if let Some(joined) = members.values().find(|member| !follows(&member.id)) {
            return Some(Effect::AddLearner(peer(joined)));
        }
        let standing = |node: &NodeId| {
            let member = members.get(node)?;
            let gone_ms = now.unix_ms.saturating_sub(member.changed_ms);
            Some(Standing {
                node: *node,
                votes: voters.contains(node),
                caught_up: has_log(node) && member.is_up(),
                long_gone: !member.is_up() && gone_ms >= LONG_GONE_MS,
            })
        };
        // Who is about to be removed gives its vote up while it is there: of two voters, one alone could not change that.
        let may_vote = |node: &&NodeId| **node == own || view.state.keeps_contents(**node);
        let standings: Vec<_> = view.state.servers().iter().filter(may_vote).filter_map(standing).collect();
        let desired = desired_voters(&standings, own);
        (desired != voters).then(|| Effect::ChangeVoters(desired.into_iter().collect()))
    }
}

fn peer(member: &Member) -> Peer {
    Peer { node: member.id, name: member.name.clone(), address: member.mesh_address.clone() }
}
