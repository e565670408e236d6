//! The failure detector's decisions. Pure: levels and heartbeats in, effects out.

use std::collections::BTreeMap;

use flotilla_model::{Member, NodeId, SessionId, State};

use super::candidates::{Candidate, is_fit, next_primary};
use super::health::{Health, Track};
use super::round_trips::{is_slow, to_majority};
use super::status::{FailoverStatus, PeerStatus};
use super::steady::Steady;
use crate::ports::{Fitness, Heartbeat, LinkView, RaftStatus};

/// Who this is.
#[derive(Debug, Clone, Copy)]
pub struct FailoverConfig {
    /// This node.
    pub node: NodeId,
    /// This process.
    pub session: SessionId,
}

/// The parameters that are obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// `Cluster.connectionTimeout`.
    pub connection_timeout_ms: u64,
    /// `Cluster.failback` is `automatic`.
    pub fails_back: bool,
}

/// Everything that is looked at.
pub struct Observed<'a> {
    /// The links.
    pub links: &'a [LinkView],
    /// The latest heartbeats, with the monotonic time at which each came.
    pub beats: &'a BTreeMap<NodeId, (Heartbeat, u64)>,
    /// Raft.
    pub raft: &'a RaftStatus,
    /// The replicated state.
    pub state: &'a State,
    /// This node's own fitness.
    pub fitness: Fitness,
    /// Log index up to which this node's components run with the parameters.
    pub parameters_index: u64,
}

/// What the shell does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Tell Raft that the primary is dead, and who is to follow it.
    SuspectDead {
        /// The dead one.
        primary: NodeId,
        /// The first suitable node of the promotion order.
        next: Option<NodeId>,
    },
    /// This node is to follow: stand for election now.
    Campaign,
    /// Propose that a process is gone, which frees its leases.
    ProposeLost {
        /// The node.
        node: NodeId,
        /// The process that is meant.
        session: SessionId,
        /// In words.
        reason: &'static str,
    },
    /// Hand the lead over.
    TransferLeadership {
        /// To whom.
        to: NodeId,
        /// In words.
        reason: &'static str,
    },
}

/// The same thing is tried again after this, if nothing came of it.
const RETRY_MS: u64 = 1_000;
/// After a hand-over that came to nothing; each costs a moment without writes.
const HAND_OVER_RETRY_MS: u64 = 5_000;
/// A node that would do as well or better must have been so for this long before it gets the lead: nothing is broken.
const STEADY_MS: u64 = 10_000;

/// What the other voters could do as primary.
struct Others {
    /// The next in order that can do a primary's duty.
    fitter: Option<NodeId>,
    /// The next in order of those beside which this node's links are slow.
    nearer: Option<NodeId>,
    /// Those whose links are slow beside this node's.
    farther: Vec<NodeId>,
}

/// The decisions.
#[derive(Debug)]
pub struct FailoverCore {
    config: FailoverConfig,
    tracks: BTreeMap<NodeId, Track>,
    last_ms: Option<u64>,
    woken_ms: Option<u64>,
    suspected: Option<(u64, NodeId, u64)>,
    lost: BTreeMap<NodeId, (SessionId, u64)>,
    handed_over_ms: Option<u64>,
    better: Steady,
    nearer: Steady,
    unheard_since_ms: Option<u64>,
    status: FailoverStatus,
}

impl FailoverCore {
    /// Knows nothing yet.
    pub fn new(config: FailoverConfig) -> Self {
        Self {
            config,
            tracks: BTreeMap::new(),
            last_ms: None,
            woken_ms: None,
            suspected: None,
            lost: BTreeMap::new(),
            handed_over_ms: None,
            better: Steady::default(),
            nearer: Steady::default(),
            unheard_since_ms: None,
            status: FailoverStatus::default(),
        }
    }

    /// Called at each tick and at each change of a level, with monotonic time.
    pub fn decide(&mut self, observed: &Observed<'_>, patience: Patience, now_ms: u64) -> Vec<Effect> {
        self.notice_pause(patience, now_ms);
        self.follow_links(observed, now_ms);
        let healths = self.healths(observed, patience, now_ms);
        let candidates = self.candidates(observed, &healths);
        let stall_limit_ms = patience.connection_timeout_ms * 2;
        let order = observed.state.promotion_order();
        let mut effects = Vec::new();
        self.replace_dead_primary(observed, &healths, &candidates, patience, now_ms, &mut effects);
        if observed.raft.is_primary {
            self.declare_lost(observed, &healths, now_ms, &mut effects);
            let others: Vec<_> = candidates.iter().copied().filter(|other| other.node != self.config.node).collect();
            let unheard = self.is_unheard(observed, &healths, stall_limit_ms, now_ms);
            let unfit = unheard || !is_fit(observed.fitness, stall_limit_ms);
            let near = to_majority(self.config.node, &observed.raft.voters, observed.links);
            let nearer: Vec<_> =
                others.iter().copied().filter(|other| is_slow(near, other.majority_round_trip_us)).collect();
            let others = Others {
                fitter: next_primary(&others, &order, stall_limit_ms),
                nearer: next_primary(&nearer, &order, stall_limit_ms),
                farther: others
                    .iter()
                    .filter(|other| is_slow(other.majority_round_trip_us, near))
                    .map(|it| it.node)
                    .collect(),
            };
            self.hand_over(observed, unfit, &others, patience, now_ms, &mut effects);
        }
        self.report(observed, &healths, next_primary(&candidates, &order, stall_limit_ms), stall_limit_ms);
        effects
    }

    /// The heartbeat to send at a tick.
    pub fn heartbeat(&self, observed: &Observed<'_>) -> Heartbeat {
        let raft = observed.raft;
        let hears = |primary: &NodeId| {
            *primary == self.config.node
                || self
                    .tracks
                    .get(primary)
                    .is_some_and(|track| matches!(track.level(), crate::ports::LinkLevel::Connected { .. }))
        };
        Heartbeat {
            node: self.config.node,
            session: self.config.session,
            term: raft.term,
            hears_primary: raft.primary.filter(hears),
            last_log_index: raft.last_log_index,
            applied_index: raft.applied_index,
            fitness: observed.fitness,
            checkpoint: raft.checkpoint,
            parameters_index: observed.parameters_index,
            majority_round_trip_us: to_majority(self.config.node, &raft.voters, observed.links),
        }
    }

    /// What is known.
    pub fn status(&self) -> &FailoverStatus {
        &self.status
    }

    /// When this node's own clock shows that it stood still, whatever it believes about others is old: they went on.
    fn notice_pause(&mut self, patience: Patience, now_ms: u64) {
        let passed_ms = self.last_ms.map_or(0, |last_ms| now_ms.saturating_sub(last_ms));
        self.last_ms = Some(now_ms);
        if passed_ms < patience.connection_timeout_ms {
            return;
        }
        self.woken_ms = Some(now_ms);
        self.suspected = None;
        self.lost.clear();
        self.better.forget();
        self.nearer.forget();
        self.unheard_since_ms = None;
        self.tracks.values_mut().for_each(|track| track.on_woken(now_ms));
        self.status.pauses += 1;
        self.status.last_pause_ms = passed_ms;
    }

    fn follow_links(&mut self, observed: &Observed<'_>, now_ms: u64) {
        self.tracks.retain(|node, _| observed.links.iter().any(|link| link.node == *node));
        for link in observed.links {
            let track = self.tracks.entry(link.node).or_insert_with(|| Track::new(link.level, now_ms));
            track.on_level(link.level, now_ms);
            track.on_session(observed.beats.get(&link.node).map(|(beat, _)| beat.session));
        }
    }

    fn healths(&self, observed: &Observed<'_>, patience: Patience, now_ms: u64) -> BTreeMap<NodeId, Health> {
        let timeout_ms = patience.connection_timeout_ms;
        let health = |node: &NodeId, track: &Track| {
            let is_heard = observed.beats.get(node).is_some_and(|(beat, at_ms)| {
                track.is_successor(beat.session) && now_ms.saturating_sub(*at_ms) < timeout_ms
            });
            // Started again, it has reached us before we have reached it.
            if is_heard { Health::Alive } else { track.health(now_ms, self.woken_ms, timeout_ms) }
        };
        self.tracks.iter().map(|(node, track)| (*node, health(node, track))).collect()
    }

    /// This node and every voter that is heard.
    fn candidates(&self, observed: &Observed<'_>, healths: &BTreeMap<NodeId, Health>) -> Vec<Candidate> {
        let raft = observed.raft;
        let candidate = |node: &NodeId| {
            if *node == self.config.node {
                let (last_log_index, fitness) = (raft.last_log_index, observed.fitness);
                let majority_round_trip_us = to_majority(*node, &raft.voters, observed.links);
                return Some(Candidate { node: *node, last_log_index, fitness, majority_round_trip_us });
            }
            let (beat, _) = observed.beats.get(node).filter(|_| healths.get(node) == Some(&Health::Alive))?;
            Some(Candidate {
                node: *node,
                last_log_index: beat.last_log_index,
                fitness: beat.fitness,
                majority_round_trip_us: beat.majority_round_trip_us,
            })
        };
        raft.voters.iter().filter_map(candidate).collect()
    }

    fn replace_dead_primary(
        &mut self,
        observed: &Observed<'_>,
        healths: &BTreeMap<NodeId, Health>,
        candidates: &[Candidate],
        patience: Patience,
        now_ms: u64,
        effects: &mut Vec<Effect>,
    ) {
        let raft = observed.raft;
        let Some(primary) = raft.primary.filter(|primary| *primary != self.config.node) else { return };
        let health = healths.get(&primary).copied().unwrap_or(Health::Suspected);
        if !health.is_dead() || (health == Health::Lost && self.others_hear(observed, healths, primary)) {
            self.suspected = None;
            return;
        }
        let retried = |at_ms: u64| now_ms.saturating_sub(at_ms) < RETRY_MS;
        if self.suspected.is_some_and(|(term, node, at_ms)| (term, node) == (raft.term, primary) && retried(at_ms)) {
            return;
        }
        self.suspected = Some((raft.term, primary, now_ms));
        let living: Vec<_> = candidates.iter().copied().filter(|candidate| candidate.node != primary).collect();
        let next = next_primary(&living, &observed.state.promotion_order(), patience.connection_timeout_ms * 2);
        effects.push(Effect::SuspectDead { primary, next });
        if next == Some(self.config.node) {
            self.status.campaigns += 1;
            effects.push(Effect::Campaign);
        }
    }

    /// Silence may be this node's own: if a peer that we hear tells, after our silence began, that it hears the primary,
    /// then only our link is down.
    fn others_hear(&self, observed: &Observed<'_>, healths: &BTreeMap<NodeId, Health>, primary: NodeId) -> bool {
        let silent_ms = self.tracks.get(&primary).map_or(0, Track::seen_ms);
        observed.beats.iter().any(|(node, (beat, at_ms))| {
            *node != primary
                && healths.get(node) == Some(&Health::Alive)
                && *at_ms > silent_ms
                && beat.hears_primary == Some(primary)
        })
    }

    fn declare_lost(
        &mut self,
        observed: &Observed<'_>,
        healths: &BTreeMap<NodeId, Health>,
        now_ms: u64,
        effects: &mut Vec<Effect>,
    ) {
        for member in observed.state.members.values() {
            let Some(session) = member.session else { continue };
            let reason = match healths.get(&member.id) {
                Some(Health::Gone) => "its process is gone",
                Some(Health::Lost) => "it was silent for the connection timeout",
                _ => continue,
            };
            let proposed = self.lost.get(&member.id);
            if proposed.is_some_and(|(of, at_ms)| *of == session && now_ms.saturating_sub(*at_ms) < RETRY_MS) {
                continue;
            }
            self.lost.insert(member.id, (session, now_ms));
            effects.push(Effect::ProposeLost { node: member.id, session, reason });
        }
    }

    fn hand_over(
        &mut self,
        observed: &Observed<'_>,
        unfit: bool,
        others: &Others,
        patience: Patience,
        now_ms: u64,
        effects: &mut Vec<Effect>,
    ) {
        let is_full = |node: &NodeId| observed.state.members.get(node).is_none_or(Member::is_full);
        let fitter = others.fitter;
        let nearer = self.nearer.look(others.nearer.filter(is_full), STEADY_MS, now_ms);
        let (to, reason) = if unfit {
            (fitter, "this node cannot do a primary's duty")
        } else if !is_full(&self.config.node) {
            (fitter.filter(is_full), "this node is a witness, and a full one can lead")
        } else if nearer.is_some() {
            (nearer, "another node is much nearer to the others")
        } else {
            let better = fitter.filter(|node| {
                patience.fails_back && self.is_better(observed, *node) && !others.farther.contains(node)
            });
            (self.better.look(better, STEADY_MS, now_ms), "a node earlier in the servers list has caught up")
        };
        let Some(to) = to else { return };
        if self.handed_over_ms.is_some_and(|at_ms| now_ms.saturating_sub(at_ms) < HAND_OVER_RETRY_MS) {
            return;
        }
        self.handed_over_ms = Some(now_ms);
        self.status.hand_overs += 1;
        effects.push(Effect::TransferLeadership { to, reason });
    }

    /// Most of those that are heard say that they do not hear this primary: its links are bad in one direction.
    fn is_unheard(
        &mut self,
        observed: &Observed<'_>,
        healths: &BTreeMap<NodeId, Health>,
        limit_ms: u64,
        now_ms: u64,
    ) -> bool {
        let own = self.config.node;
        let fresh = |(node, (_, at_ms)): &(&NodeId, &(Heartbeat, u64))| {
            healths.get(node) == Some(&Health::Alive) && now_ms.saturating_sub(*at_ms) < limit_ms
        };
        let words: Vec<bool> =
            observed.beats.iter().filter(fresh).map(|(_, (beat, _))| beat.hears_primary == Some(own)).collect();
        let deaf = words.iter().filter(|hears| !**hears).count();
        if deaf * 2 <= words.len() {
            self.unheard_since_ms = None;
            return false;
        }
        now_ms.saturating_sub(*self.unheard_since_ms.get_or_insert(now_ms)) >= limit_ms
    }

    fn is_better(&self, observed: &Observed<'_>, node: NodeId) -> bool {
        let order = observed.state.promotion_order();
        let place = |node: NodeId| order.iter().position(|listed| *listed == node);
        matches!((place(node), place(self.config.node)), (Some(its), Some(own)) if its < own)
    }

    fn report(
        &mut self,
        observed: &Observed<'_>,
        healths: &BTreeMap<NodeId, Health>,
        next_primary: Option<NodeId>,
        stall_limit_ms: u64,
    ) {
        let peer = |link: &LinkView| {
            let beat = observed.beats.get(&link.node).map(|(beat, _)| beat);
            PeerStatus {
                node: link.node,
                health: healths.get(&link.node).copied().unwrap_or(Health::Suspected),
                level: link.level,
                round_trip_us: link.round_trip_us,
                last_log_index: beat.map(|beat| beat.last_log_index),
                applied_index: beat.map(|beat| beat.applied_index),
                fitness: beat.map(|beat| beat.fitness),
                parameters_index: beat.map(|beat| beat.parameters_index),
            }
        };
        self.status.peers = observed.links.iter().map(peer).collect();
        self.status.next_primary = next_primary;
        self.status.fit = is_fit(observed.fitness, stall_limit_ms);
    }
}
