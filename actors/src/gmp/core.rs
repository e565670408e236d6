//! What the pool decides: which leases to hand out, what to claim, what to report. Pure: no clock, no I/O.
//!
//! Level-triggered: leases are what the view says is leased to this process, whatever was answered to a claim. One
//! proposal carries results, renewals and the next claim together; while two are on their way, results gather for the
//! next, so that batches grow with load by themselves.

use std::collections::{BTreeMap, BTreeSet};

use flotilla_model::{
    Command, EventId, EventState, NodeId, Outcome, SessionId, WorkEnd, WorkItem, WorkResult, WorkerId,
};

use super::{pace::Pace, rounds::Round, status::PoolTotals};
use crate::ports::{Applied, Now, ProposalError, View};

/// Events in one proposal: bounds the entry's size.
const BATCH_MAX: usize = 512;
/// Proposals on their way at once: one is decided while the next gathers.
const ROUNDS_MAX: usize = 2;
/// Pause after a proposal that was not accepted; doubles up to the longest.
const FIRST_PAUSE_MS: u64 = 50;
const LONGEST_PAUSE_MS: u64 = 2_000;

/// Who the pool works for, and its patience.
#[derive(Debug, Clone, Copy)]
pub struct PoolConfig {
    /// This node.
    pub node: NodeId,
    /// This process.
    pub session: SessionId,
    /// How long another node's events are left to it.
    pub steal_after_ms: u64,
}

/// What the shell does.
#[derive(Debug)]
pub enum Effect {
    /// Give it to a worker.
    Hand(Box<WorkItem>),
    /// The lease is lost: stop working on it, its result would be refused.
    Revoke(EventId, u32),
    /// Propose, and bring the answer.
    Propose(u64, Vec<Command>),
    /// Decide again after this time.
    DecideAfter(u64),
}

/// The pool's decisions.
#[derive(Debug)]
pub struct PoolCore {
    config: PoolConfig,
    target: u32,
    claims: bool,
    stopping: bool,
    /// With a worker, or queued for one.
    held: BTreeMap<EventId, u32>,
    /// Ended, not on their way to the log.
    results: BTreeMap<EventId, WorkResult>,
    rounds: BTreeMap<u64, Round>,
    next_round: u64,
    /// Results on their way.
    reporting: BTreeMap<EventId, u32>,
    /// Reported at an index that the view has not reached: still leased there, but not to be handed out again.
    settled: BTreeMap<EventId, (u32, u64)>,
    /// Granted at an index that the view has not reached: they take up capacity already.
    granted: BTreeMap<EventId, u64>,
    paused_until_ms: u64,
    pause_ms: u64,
    renewed_ms: u64,
    pub(crate) pace: Pace,
    pub(crate) totals: PoolTotals,
}

impl PoolCore {
    /// A pool that holds nothing.
    pub fn new(config: PoolConfig, target: u32) -> Self {
        Self {
            config,
            target,
            claims: true,
            stopping: false,
            held: BTreeMap::new(),
            results: BTreeMap::new(),
            rounds: BTreeMap::new(),
            next_round: 0,
            reporting: BTreeMap::new(),
            settled: BTreeMap::new(),
            granted: BTreeMap::new(),
            paused_until_ms: 0,
            pause_ms: FIRST_PAUSE_MS,
            renewed_ms: 0,
            pace: Pace::default(),
            totals: PoolTotals::default(),
        }
    }

    /// How many workers there should be, and whether this node claims at all.
    pub fn on_settings(&mut self, target: u32, claims: bool) {
        (self.target, self.claims) = (target, claims);
    }

    /// Nothing is claimed any more; what comes is given back.
    pub fn on_stop(&mut self) {
        self.stopping = true;
    }

    /// The shell was restarted: answers on their way are lost, and so are hand-overs that did not happen. `known` is
    /// what the workers have.
    pub fn on_restart(&mut self, known: &BTreeSet<(EventId, u32)>) {
        for (_, round) in std::mem::take(&mut self.rounds) {
            self.take_back(round);
        }
        self.held.retain(|event, attempt| known.contains(&(*event, *attempt)));
    }

    /// A worker has ended an event.
    pub fn on_result(&mut self, result: WorkResult, duration_us: u64) {
        if self.held.get(&result.event) != Some(&result.attempt) {
            // Revoked meanwhile.
            self.totals.stale += 1;
            return;
        }
        self.held.remove(&result.event);
        if matches!(result.end, WorkEnd::Done | WorkEnd::Failed { .. }) {
            self.pace.worked(duration_us);
        }
        self.results.insert(result.event, result);
    }

    /// An answer to a proposal.
    pub fn on_answer(&mut self, id: u64, answer: Result<Applied, ProposalError>, now: Now) {
        let Some(round) = self.rounds.remove(&id) else { return };
        self.pace.proposed(now.monotonic_ms.saturating_sub(round.proposed_ms).saturating_mul(1000));
        match answer {
            Err(_) => {
                self.totals.rounds_failed += 1;
                self.paused_until_ms = now.monotonic_ms + self.pause_ms;
                self.pause_ms = (self.pause_ms * 2).min(LONGEST_PAUSE_MS);
                self.take_back(round);
            }
            Ok(applied) => {
                self.pause_ms = FIRST_PAUSE_MS;
                self.record(round, applied);
            }
        }
    }

    fn take_back(&mut self, round: Round) {
        // Whether they are proposed again depends on the view: only while it still shows the lease.
        for result in &round.results {
            self.reporting.remove(&result.event);
        }
        self.results.extend(round.results.into_iter().map(|result| (result.event, result)));
    }

    fn record(&mut self, round: Round, applied: Applied) {
        let mut answers = applied.answers.into_iter();
        if !round.results.is_empty() {
            let stale = match answers.next() {
                Some(Ok(Outcome::Completed { stale })) => stale,
                _ => round.results.iter().map(|result| result.event).collect(),
            };
            for result in round.results {
                self.reporting.remove(&result.event);
                self.settled.insert(result.event, (result.attempt, applied.index));
                self.count(&result, stale.contains(&result.event));
            }
        }
        if round.renews {
            answers.next();
        }
        if round.claim > 0
            && let Some(Ok(Outcome::Claimed { leases, .. })) = answers.next()
        {
            self.granted.extend(leases.into_iter().map(|(event, _)| (event, applied.index)));
        }
    }

    fn count(&mut self, result: &WorkResult, is_stale: bool) {
        let totals = &mut self.totals;
        let counter = match (&result.end, is_stale) {
            (_, true) => &mut totals.stale,
            (WorkEnd::Done, _) => &mut totals.completed,
            (WorkEnd::Failed { .. } | WorkEnd::FailedInternally { .. }, _) => &mut totals.failed,
            (WorkEnd::OutcomeUnknown { .. }, _) => &mut totals.outcome_unknown,
            (WorkEnd::Returned, _) => &mut totals.returned,
        };
        *counter += 1;
    }

    /// Compares what is with what should be. Called after every change of anything.
    pub fn decide(&mut self, view: &View, now: Now) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.settled.retain(|_, (_, index)| *index > view.index);
        self.granted.retain(|_, index| *index > view.index);
        self.follow_leases(view, &mut effects);
        self.propose(view, now, &mut effects);
        effects
    }

    fn follow_leases(&mut self, view: &View, effects: &mut Vec<Effect>) {
        let mut leased = BTreeMap::new();
        for event in view.state.leased_to(self.config.node) {
            let EventState::Leased(lease) = event.state else { continue };
            if lease.session != self.config.session {
                continue;
            }
            leased.insert(event.id, lease.attempt);
            if self.is_known(event.id, lease.attempt) {
                continue;
            }
            self.totals.claimed += 1;
            if self.stopping {
                self.results.insert(event.id, returned(event.id, lease.attempt));
            } else {
                self.held.insert(event.id, lease.attempt);
                if let Some(event) = view.state.events.shared(&event.id) {
                    effects.push(Effect::Hand(Box::new(WorkItem { event, lease })));
                }
            }
        }
        let is_lost = |event: &EventId, attempt: u32| leased.get(event) != Some(&attempt);
        self.held.retain(|event, attempt| {
            let lost = is_lost(event, *attempt);
            if lost {
                effects.push(Effect::Revoke(*event, *attempt));
            }
            !lost
        });
        let before = self.results.len();
        self.results.retain(|event, result| !is_lost(event, result.attempt));
        self.totals.stale += (before - self.results.len()) as u64;
    }

    fn is_known(&self, event: EventId, attempt: u32) -> bool {
        self.held.get(&event) == Some(&attempt)
            || self.results.get(&event).is_some_and(|result| result.attempt == attempt)
            || self.settled.get(&event).is_some_and(|(settled, _)| *settled == attempt)
            || self.reporting.get(&event) == Some(&attempt)
    }

    fn propose(&mut self, view: &View, now: Now, effects: &mut Vec<Effect>) {
        if now.monotonic_ms < self.paused_until_ms {
            effects.push(Effect::DecideAfter(self.paused_until_ms - now.monotonic_ms));
            return;
        }
        let member = view.state.members.get(&self.config.node);
        if self.rounds.len() >= ROUNDS_MAX || member.and_then(|member| member.session) != Some(self.config.session) {
            return;
        }
        let claim = self.claim_now(view, now, effects);
        let renewals = self.renewals(view, now);
        let results = self.batch();
        if claim == 0 && renewals.is_empty() && results.is_empty() {
            return;
        }
        let (round, commands) = Round::new(&self.config, results, renewals, claim, now);
        self.next_round += 1;
        self.totals.rounds += 1;
        self.rounds.insert(self.next_round, round);
        effects.push(Effect::Propose(self.next_round, commands));
    }

    fn batch(&mut self) -> Vec<WorkResult> {
        let events: Vec<_> = self.results.keys().take(BATCH_MAX).copied().collect();
        let results: Vec<_> = events.iter().filter_map(|event| self.results.remove(event)).collect();
        self.reporting.extend(results.iter().map(|result| (result.event, result.attempt)));
        results
    }

    /// How many events to claim now. Events that came in through this node at once, with work in advance; others only
    /// for idle workers, and when their own node has left them for a while or is gone.
    fn claim_now(&self, view: &View, now: Now, effects: &mut Vec<Effect>) -> u32 {
        if self.stopping || !self.claims {
            return 0;
        }
        let state = &view.state;
        let claiming: u32 = self.rounds.values().map(|round| round.claim).sum();
        let taken = (self.held.len() + self.granted.len()) as u32 + claiming;
        let idle = self.target.saturating_sub(taken);
        let room = (self.target + self.pace.prefetch(self.target)).saturating_sub(taken);
        if room == 0 || state.ready_count() == 0 {
            return 0;
        }
        let own = state.ready_at(self.config.node) as u32;
        let unclaimed = own.saturating_sub(claiming);
        if unclaimed > 0 {
            return room.min(unclaimed).min(BATCH_MAX as u32);
        }
        let others = (state.ready_count() as u32).saturating_sub(own);
        if idle == 0 || others == 0 || claiming > 0 {
            return 0;
        }
        // By the log's time, so that a clock that is behind does not delay it.
        let clock_ms = now.unix_ms.max(state.clock_ms());
        if state.may_steal(self.config.node, self.config.steal_after_ms, clock_ms) {
            return idle.min(others).min(BATCH_MAX as u32);
        }
        effects.push(Effect::DecideAfter(self.config.steal_after_ms));
        0
    }

    /// Leases that have used up a third of their time, looked for at most each sixth of it.
    fn renewals(&mut self, view: &View, now: Now) -> Vec<(EventId, u32)> {
        let timeout_ms = super::settings::lease_timeout_ms(&view.state, self.config.node);
        if now.monotonic_ms < self.renewed_ms + timeout_ms / 6 {
            return Vec::new();
        }
        let due_ms = now.unix_ms + timeout_ms / 3 * 2;
        let is_due = |event: &EventId| match view.state.events.get(event).map(|row| &row.state) {
            Some(EventState::Leased(lease)) => lease.expires_ms < due_ms,
            _ => false,
        };
        let due: Vec<_> = self.held.iter().filter(|(event, _)| is_due(event)).map(|(e, a)| (*e, *a)).collect();
        if !due.is_empty() {
            self.renewed_ms = now.monotonic_ms;
        }
        due
    }

    /// Nothing is held, and everything is reported.
    pub fn is_drained(&self) -> bool {
        self.held.is_empty() && self.results.is_empty() && self.rounds.is_empty()
    }

    /// Whether it claims.
    pub fn is_claiming(&self) -> bool {
        self.claims && !self.stopping
    }

    /// Ended, not yet in the log.
    pub fn unrecorded(&self) -> usize {
        self.results.len() + self.rounds.values().map(|round| round.results.len()).sum::<usize>()
    }
}

/// The result of an event that nobody began.
pub(crate) fn returned(event: EventId, attempt: u32) -> WorkResult {
    WorkResult { event, attempt, worker: WorkerId(0), steps: Vec::new(), end: WorkEnd::Returned }
}
