//! What the pool holds: leases with its workers, results on their way to the log.
//!
//! The view is the truth about leases, but asking it about each of a thousand at each of hundreds of changes a second is
//! the pool's hot path. So leases are handed out from the answers to the pool's own claims, as soon as the view has
//! reached them, and all of them are compared with the view only when one may have been lost (the state counts lost
//! leases, and tells the session), when an answer was lost, and now and then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flotilla_model::{
    EventId, EventRecord, EventState, Lease, SessionId, StepReport, StepResult, WorkEnd, WorkItem, WorkResult, WorkerId,
};

use super::core::{Effect, PoolConfig};
use super::status::PoolTotals;
use crate::ports::{Now, View};

/// The comparison that needs no reason.
const COMPARE_EVERY_MS: u64 = 500;

/// Leases that were granted or ended by an entry that the view has not reached.
#[derive(Debug)]
struct Pending {
    index: u64,
    /// In order of their events.
    leases: Vec<(EventId, u32)>,
}

/// What the last comparison saw: while it stays the same, no lease of this process was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Witness {
    leases_lost: u64,
    session: Option<SessionId>,
}

impl Witness {
    fn read(view: &View, config: &PoolConfig) -> Self {
        let session = view.state.members.get(&config.node).and_then(|member| member.session);
        Self { leases_lost: view.state.totals().leases_lost, session }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Holdings {
    /// With a worker, or queued for one.
    held: BTreeMap<EventId, u32>,
    /// Ended, not on their way to the log.
    results: BTreeMap<EventId, WorkResult>,
    /// Results on their way.
    reporting: BTreeMap<EventId, u32>,
    /// Reported at an index that the view has not reached: still leased there, but not to be handed out again.
    settled: Vec<Pending>,
    /// Granted at an index that the view has not reached: they take up capacity already.
    granted: Vec<Pending>,
    compared: Option<(Witness, u64)>,
    /// A proposal's outcome is not known: the view alone tells, whenever it does.
    in_doubt: bool,
}

impl Holdings {
    /// Events that workers have or will have.
    pub(crate) fn taken(&self) -> usize {
        self.held.len() + self.granted()
    }

    /// Events that were granted and that the view does not show so yet.
    pub(crate) fn granted(&self) -> usize {
        self.granted.iter().map(|pending| pending.leases.len()).sum()
    }

    pub(crate) fn held(&self) -> impl Iterator<Item = (EventId, u32)> {
        self.held.iter().map(|(event, attempt)| (*event, *attempt))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.results.is_empty()
    }

    /// Ended, not on their way to the log.
    pub(crate) fn unreported(&self) -> usize {
        self.results.len()
    }

    /// Hand-overs that did not happen are done again; `known` is what the workers have.
    pub(crate) fn on_restart(&mut self, known: &BTreeSet<(EventId, u32)>) {
        self.held.retain(|event, attempt| known.contains(&(*event, *attempt)));
        self.compared = None;
    }

    /// Takes a worker's result, unless the lease was lost meanwhile.
    pub(crate) fn end(&mut self, result: WorkResult) -> bool {
        if self.held.get(&result.event) != Some(&result.attempt) {
            return false;
        }
        self.held.remove(&result.event);
        self.results.insert(result.event, result);
        true
    }

    /// Results for the next proposal: at least one if there is one, and no more than so many bytes.
    pub(crate) fn take_results(&mut self, count_max: usize, bytes_max: usize) -> Vec<WorkResult> {
        let mut bytes = 0;
        let first_left = self.results.values().enumerate().find(|(count, result)| {
            bytes += weight_bytes(result);
            *count >= count_max || (*count > 0 && bytes > bytes_max)
        });
        let rest = match first_left.map(|(_, result)| result.event) {
            Some(event) => self.results.split_off(&event),
            None => BTreeMap::new(),
        };
        let results: Vec<_> = std::mem::replace(&mut self.results, rest).into_values().collect();
        self.reporting.extend(results.iter().map(|result| (result.event, result.attempt)));
        results
    }

    /// The proposal was not accepted, or nobody knows. Whether its results are proposed again depends on the view: only
    /// while it still shows the lease.
    pub(crate) fn take_back(&mut self, results: &[WorkResult]) {
        for result in results {
            self.reporting.remove(&result.event);
            self.results.insert(result.event, result.clone());
        }
        self.in_doubt = true;
    }

    /// The entry at `index` took these results and granted these leases.
    pub(crate) fn record(&mut self, index: u64, results: &[WorkResult], granted: Vec<(EventId, u32)>) {
        for result in results {
            self.reporting.remove(&result.event);
        }
        if !results.is_empty() {
            let leases = results.iter().map(|result| (result.event, result.attempt)).collect();
            self.settled.push(Pending { index, leases });
        }
        if !granted.is_empty() {
            self.granted.push(Pending { index, leases: granted });
        }
        if std::mem::take(&mut self.in_doubt) {
            self.compared = None;
        }
    }

    /// Hands out what was granted, and finds out what was lost.
    pub(crate) fn follow(
        &mut self,
        view: &View,
        config: &PoolConfig,
        stopping: bool,
        now: Now,
        totals: &mut PoolTotals,
        effects: &mut Vec<Effect>,
    ) {
        let mut desk = Handing { config, stopping, totals, effects };
        self.settled.retain(|pending| pending.index > view.index);
        self.hand_out_granted(view, &mut desk);
        let witness = Witness::read(view, config);
        let is_current = |(seen, at_ms): (Witness, u64)| {
            seen == witness && now.monotonic_ms < at_ms.saturating_add(COMPARE_EVERY_MS)
        };
        if self.in_doubt || !self.compared.is_some_and(is_current) {
            self.compared = Some((witness, now.monotonic_ms));
            self.compare(view, &mut desk);
        }
    }

    fn hand_out_granted(&mut self, view: &View, desk: &mut Handing<'_>) {
        let reached = self.granted.extract_if(.., |pending| pending.index <= view.index);
        for (event, attempt) in reached.flat_map(|pending| pending.leases).collect::<Vec<_>>() {
            // Gone: it was lost again before the view came so far.
            let Some(record) = view.state.events.shared(&event) else { continue };
            let Some(lease) = desk.lease(record).filter(|lease| lease.attempt == attempt) else { continue };
            if !self.is_known(event, attempt) {
                self.take_on(record, lease, desk);
            }
        }
    }

    /// The full comparison.
    fn compare(&mut self, view: &View, desk: &mut Handing<'_>) {
        let mut leased = BTreeMap::new();
        for record in view.state.leased_to(desk.config.node) {
            let Some(lease) = desk.lease(record) else { continue };
            leased.insert(record.id, lease.attempt);
            if !self.is_known(record.id, lease.attempt) {
                self.take_on(record, lease, desk);
            }
        }
        let is_lost = |event: &EventId, attempt: u32| leased.get(event) != Some(&attempt);
        self.held.retain(|event, attempt| {
            let lost = is_lost(event, *attempt);
            if lost {
                desk.effects.push(Effect::Revoke(*event, *attempt));
            }
            !lost
        });
        let before = self.results.len();
        self.results.retain(|event, result| !is_lost(event, result.attempt));
        desk.totals.stale += (before - self.results.len()) as u64;
    }

    fn is_known(&self, event: EventId, attempt: u32) -> bool {
        self.held.get(&event) == Some(&attempt)
            || self.results.get(&event).is_some_and(|result| result.attempt == attempt)
            || self.reporting.get(&event) == Some(&attempt)
            || self.settled.iter().any(|pending| pending.leases.binary_search(&(event, attempt)).is_ok())
    }

    fn take_on(&mut self, record: &Arc<EventRecord>, lease: Lease, desk: &mut Handing<'_>) {
        desk.totals.claimed += 1;
        if desk.stopping {
            self.results.insert(record.id, returned(record.id, lease.attempt));
        } else {
            self.held.insert(record.id, lease.attempt);
            let work = WorkItem { event: Arc::clone(record), lease };
            desk.effects.push(Effect::Hand(work.into()));
        }
    }
}

/// What handing out needs besides the holdings.
struct Handing<'a> {
    config: &'a PoolConfig,
    stopping: bool,
    totals: &'a mut PoolTotals,
    effects: &'a mut Vec<Effect>,
}

impl Handing<'_> {
    /// The event's lease, if it is this process's.
    fn lease(&self, record: &EventRecord) -> Option<Lease> {
        match record.state {
            EventState::Leased(lease) if lease.node == self.config.node && lease.session == self.config.session => {
                Some(lease)
            }
            _ => None,
        }
    }
}

/// About what it takes in a log entry, rather more.
fn weight_bytes(result: &WorkResult) -> usize {
    let step_bytes = |step: &StepReport| {
        let (StepResult::Succeeded { detail: text } | StepResult::Failed { message: text }) = &step.result;
        64 + step.kind.len() + text.len()
    };
    let reason_bytes = match &result.end {
        WorkEnd::Failed { reason, .. }
        | WorkEnd::OutcomeUnknown { reason, .. }
        | WorkEnd::FailedInternally { reason } => reason.len(),
        WorkEnd::Done | WorkEnd::Returned => 0,
    };
    64 + reason_bytes + result.steps.iter().map(step_bytes).sum::<usize>()
}

/// The result of an event that nobody began.
pub(crate) fn returned(event: EventId, attempt: u32) -> WorkResult {
    WorkResult { event, attempt, worker: WorkerId(0), steps: Vec::new(), end: WorkEnd::Returned }
}
