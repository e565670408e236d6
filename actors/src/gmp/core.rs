//! What the pool decides: which leases to hand out, what to claim, what to report. Pure: no clock, no I/O.
//!
//! Level-triggered: leases are what the view says is leased to this process, whatever was answered to a claim. One
//! proposal carries results, renewals and the next claim together; while two are on their way, results gather for the
//! next, so that batches grow with load by themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flotilla_model::{Command, EventId, EventState, NodeId, Outcome, SessionId, WorkEnd, WorkItem, WorkResult};

use super::holdings::Holdings;
use super::pace::Pace;
use super::rounds::Round;
use super::sizing::Sizer;
use super::status::PoolTotals;
use super::supply::Supply;
use crate::ports::{Applied, Now, ProposalError, View};

/// Events in one proposal, and bytes of their results: an entry holds 512 KiB, and what cannot be proposed could never be
/// told.
const BATCH_MAX: usize = 512;
const BATCH_BYTES_MAX: usize = 256 << 10;
/// Proposals on their way at once: one is decided while the next gathers.
const ROUNDS_MAX: usize = 2;
/// Pause after a proposal that was not accepted; doubles up to the longest.
const FIRST_PAUSE_MS: u64 = 50;
const LONGEST_PAUSE_MS: u64 = 2_000;
/// Pause after a claim that got nothing, since others were faster or what is ready may not run now; doubles up to the
/// longest. Without it, such a claim would be repeated as fast as the log answers.
const FIRST_BARREN_PAUSE_MS: u64 = 5;
const LONGEST_BARREN_PAUSE_MS: u64 = 250;

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
    Hand(Arc<WorkItem>),
    /// The lease is lost: stop working on it, its result would be refused.
    Revoke(EventId, u32),
    /// Propose, and bring the answer.
    Propose(u64, Arc<[Command]>),
    /// Decide again after this time.
    DecideAfter(u64),
}

/// A delay that doubles with each failure.
#[derive(Debug, Clone, Copy)]
struct Pause {
    until_ms: u64,
    next_ms: u64,
    first_ms: u64,
    longest_ms: u64,
}

impl Pause {
    fn new(first_ms: u64, longest_ms: u64) -> Self {
        Self { until_ms: 0, next_ms: first_ms, first_ms, longest_ms }
    }

    fn begin(&mut self, now: Now) {
        self.until_ms = now.monotonic_ms + self.next_ms;
        self.next_ms = (self.next_ms * 2).min(self.longest_ms);
    }

    fn end(&mut self) {
        self.next_ms = self.first_ms;
    }

    fn left_ms(&self, now: Now) -> Option<u64> {
        self.until_ms.checked_sub(now.monotonic_ms).filter(|left_ms| *left_ms > 0)
    }
}

/// The pool's decisions.
#[derive(Debug)]
pub struct PoolCore {
    config: PoolConfig,
    target: u32,
    claims: bool,
    lease_timeout_ms: u64,
    stopping: bool,
    holdings: Holdings,
    rounds: BTreeMap<u64, Round>,
    next_round: u64,
    refused: Pause,
    barren: Pause,
    looked_at_leases_ms: u64,
    /// Leases of workers that are over their step's time: not renewed.
    overdue: BTreeSet<(EventId, u32)>,
    pub(crate) sizer: Sizer,
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
            lease_timeout_ms: super::settings::LEASE_TIMEOUT_MS,
            stopping: false,
            holdings: Holdings::default(),
            rounds: BTreeMap::new(),
            next_round: 0,
            refused: Pause::new(FIRST_PAUSE_MS, LONGEST_PAUSE_MS),
            barren: Pause::new(FIRST_BARREN_PAUSE_MS, LONGEST_BARREN_PAUSE_MS),
            looked_at_leases_ms: 0,
            overdue: BTreeSet::new(),
            sizer: Sizer::default(),
            pace: Pace::default(),
            totals: PoolTotals::default(),
        }
    }

    /// How many workers there should be, whether this node claims at all, and how long a lease lasts.
    pub fn on_settings(&mut self, target: u32, claims: bool, lease_timeout_ms: u64) {
        (self.target, self.claims, self.lease_timeout_ms) = (target, claims, lease_timeout_ms);
    }

    /// Whether the next decision may renew leases, so that it should be told first which of them are overdue.
    pub fn looks_at_leases(&self, now: Now) -> bool {
        now.monotonic_ms >= self.looked_at_leases_ms + self.lease_timeout_ms / 12
    }

    /// Workers that make no progress: their steps run longer than they may, and the workers could not be replaced yet.
    /// Their leases are left to expire, so that other nodes get the events.
    pub fn on_overdue(&mut self, overdue: BTreeSet<(EventId, u32)>) {
        self.overdue = overdue;
    }

    /// Nothing is claimed any more; what comes is given back.
    pub fn on_stop(&mut self) {
        self.stopping = true;
    }

    /// The shell was restarted: answers on their way are lost, and so are hand-overs that did not happen. `known` is
    /// what the workers have.
    pub fn on_restart(&mut self, known: &BTreeSet<(EventId, u32)>) {
        for round in std::mem::take(&mut self.rounds).into_values() {
            self.holdings.take_back(round.results());
        }
        self.holdings.on_restart(known);
    }

    /// A worker has ended an event.
    pub fn on_result(&mut self, result: WorkResult, duration_us: u64) {
        let is_work = matches!(result.end, WorkEnd::Done | WorkEnd::Failed { .. } | WorkEnd::FailedInternally { .. });
        if !self.holdings.end(result) {
            // Revoked meanwhile.
            self.totals.stale += 1;
        } else if is_work {
            self.pace.worked(duration_us);
        }
    }

    /// An answer to a proposal.
    pub fn on_answer(&mut self, id: u64, answer: Result<Applied, ProposalError>, now: Now) {
        let Some(round) = self.rounds.remove(&id) else { return };
        self.pace.proposed(now.monotonic_ms.saturating_sub(round.proposed_ms).saturating_mul(1000));
        match answer {
            Err(_) => {
                self.totals.rounds_failed += 1;
                self.refused.begin(now);
                self.holdings.take_back(round.results());
            }
            Ok(applied) => {
                self.refused.end();
                self.record(&round, applied, now);
            }
        }
    }

    fn record(&mut self, round: &Round, applied: Applied, now: Now) {
        let mut answers = applied.answers.into_iter();
        let results = round.results();
        if !results.is_empty() {
            let stale = match answers.next() {
                Some(Ok(Outcome::Completed { stale })) => stale,
                _ => results.iter().map(|result| result.event).collect(),
            };
            results.iter().for_each(|result| self.count(result, stale.contains(&result.event)));
        }
        if round.renews {
            answers.next();
        }
        let granted = match answers.next() {
            Some(Ok(Outcome::Claimed { leases, .. })) => leases,
            _ => Vec::new(),
        };
        if !granted.is_empty() {
            self.barren.end();
        } else if round.claim > 0 {
            self.barren.begin(now);
        }
        self.holdings.record(applied.index, results, granted);
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
        self.holdings.follow(view, &self.config, self.stopping, now, &mut self.totals, &mut effects);
        self.propose(view, now, &mut effects);
        effects
    }

    fn propose(&mut self, view: &View, now: Now, effects: &mut Vec<Effect>) {
        if let Some(left_ms) = self.refused.left_ms(now) {
            effects.push(Effect::DecideAfter(left_ms));
            return;
        }
        let member = view.state.members.get(&self.config.node);
        if self.rounds.len() >= ROUNDS_MAX || member.and_then(|member| member.session) != Some(self.config.session) {
            return;
        }
        let claim = self.claim_now(view, now, effects);
        let renewals = self.renewals(view, now);
        let results = self.holdings.take_results(BATCH_MAX, BATCH_BYTES_MAX);
        if claim == 0 && renewals.is_empty() && results.is_empty() {
            return;
        }
        let round = Round::new(&self.config, results, renewals, claim, now);
        let commands = round.commands();
        self.next_round += 1;
        self.totals.rounds += 1;
        self.rounds.insert(self.next_round, round);
        effects.push(Effect::Propose(self.next_round, commands));
    }

    /// How many events to claim now, some of them in advance. Events that came in through this node at once; others when
    /// their own node has left them for a while, so cannot keep up with them, or is gone.
    fn claim_now(&self, view: &View, now: Now, effects: &mut Vec<Effect>) -> u32 {
        if self.stopping || !self.claims {
            return 0;
        }
        let claiming: u32 = self.rounds.values().map(|round| round.claim).sum();
        let taken = self.holdings.taken() as u32 + claiming;
        let room = (self.target + self.pace.prefetch(self.target)).saturating_sub(taken).min(BATCH_MAX as u32);
        if room == 0 {
            return 0;
        }
        let supply = Supply::read(&view.state, &self.config, now);
        // The view shows events as ready that were claimed behind it.
        let claimed = claiming + self.holdings.granted() as u32;
        let unclaimed = supply.own.saturating_sub(claimed);
        // Claims for others' events wait for each other: how many are ripe is not known.
        let stealable = if claimed == 0 { supply.others } else { 0 };
        let claim = if unclaimed > 0 {
            room.min(unclaimed)
        } else if supply.may_steal {
            room.min(stealable)
        } else {
            if stealable > 0 {
                effects.push(Effect::DecideAfter(supply.ripe_in_ms.max(1)));
            }
            0
        };
        match self.barren.left_ms(now) {
            Some(left_ms) if claim > 0 => {
                effects.push(Effect::DecideAfter(left_ms));
                0
            }
            _ => claim,
        }
    }

    /// Leases that have used up a third of their time, looked for at most each twelfth of it.
    fn renewals(&mut self, view: &View, now: Now) -> Vec<(EventId, u32)> {
        if !self.looks_at_leases(now) {
            return Vec::new();
        }
        self.looked_at_leases_ms = now.monotonic_ms;
        let due_ms = now.unix_ms + self.lease_timeout_ms / 3 * 2;
        let is_due = |event: &EventId| match view.state.events.get(event).map(|row| &row.state) {
            Some(EventState::Leased(lease)) => lease.expires_ms < due_ms,
            _ => false,
        };
        self.holdings.held().filter(|held| is_due(&held.0) && !self.overdue.contains(held)).collect()
    }

    /// Nothing is held, and everything is reported.
    pub fn is_drained(&self) -> bool {
        self.holdings.is_empty() && self.rounds.is_empty()
    }

    /// Whether it claims.
    pub fn is_claiming(&self) -> bool {
        self.claims && !self.stopping
    }

    /// Ended, not yet in the log.
    pub fn unrecorded(&self) -> usize {
        self.holdings.unreported() + self.rounds.values().map(|round| round.results().len()).sum::<usize>()
    }
}
