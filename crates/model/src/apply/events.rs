//! How events go on when work on them ends, fails or is lost, and what people may do with those that wait for them.

use crate::command::ResolveAnswer;
use crate::event::{EventRecord, EventState, Lease};
use crate::ids::{EventId, NodeId};
use crate::outcome::{Outcome, Rejection};
use crate::state::{State, parameter_names};
use crate::transfer::TransferState;

/// An event whose worker's process died this often is taken for the cause and given up.
const POISON_LIMIT: u32 = 3;
/// Most events that one command wakes: a long queue is woken over several ticks.
const MAX_WOKEN: usize = 4096;

impl State {
    pub(super) fn tick(&mut self, now_ms: u64) -> Result<Outcome, Rejection> {
        self.advance_clock(now_ms);
        let clock_ms = self.header.clock_ms;
        let due = |index: &imbl::OrdSet<(u64, EventId)>| -> Vec<EventId> {
            index.iter().take_while(|(at, _)| *at <= clock_ms).take(MAX_WOKEN).map(|(_, id)| *id).collect()
        };
        let (ripe, expired) = (due(&self.queue.waiting), due(&self.queue.lease_ends));
        for id in ripe {
            self.set_event_state(id, |event| event.state = EventState::Ready { since_ms: clock_ms });
        }
        for id in expired {
            self.lose_lease(id, "its lease was not renewed in time");
        }
        // A day is long enough for a repeated join; then the row is of no use.
        let old = |token: &crate::member::JoinToken| token.expires_ms.saturating_add(86_400_000) <= clock_ms;
        let gone: Vec<_> = self.join_tokens.iter().filter(|(_, token)| old(token)).map(|(hash, _)| *hash).collect();
        for hash in gone {
            self.join_tokens.remove(&hash);
        }
        Ok(Outcome::Done)
    }

    /// Gives back all leases of a node, as its process is gone.
    pub(super) fn return_leases(&mut self, node: NodeId) {
        let leased: Vec<EventId> = self.leased_to(node).map(|event| event.id).collect();
        for id in leased {
            self.lose_lease(id, "its worker's process died");
        }
    }

    fn lose_lease(&mut self, id: EventId, how: &str) {
        let Some(EventRecord { state: EventState::Leased(lease), lost_leases, route, .. }) = self.events.get(&id)
        else {
            return;
        };
        let (lease, lost_leases): (Lease, u32) = (*lease, *lost_leases + 1);
        let begun = lease.begun_step.filter(|step| route.steps.get(*step as usize).is_some_and(|s| !s.is_idempotent()));
        self.header.totals.leases_lost += 1;
        self.set_event_state(id, |event| event.lost_leases = lost_leases);
        if let Some(step) = begun {
            self.hold_event(id, step, &format!("the step was begun on node {} and {how}", lease.node));
        } else if lost_leases >= POISON_LIMIT {
            self.bury_event(id, &format!("given up: {lost_leases} times {how}"));
        } else {
            let since_ms = self.header.clock_ms;
            self.set_event_state(id, |event| event.state = EventState::Ready { since_ms });
        }
    }

    /// The event has ended well.
    pub(super) fn end_event(&mut self, id: EventId) {
        let Some(event) = self.take_event(id) else { return };
        self.release_blob(event.blob);
        self.header.totals.events_completed += 1;
        self.end_transfer(&event, TransferState::Processed, None);
    }

    fn end_transfer(&mut self, event: &EventRecord, state: TransferState, failure: Option<&str>) {
        let now_ms = self.header.clock_ms;
        self.transfers.update(&event.transfer, |row| {
            row.state = state;
            row.ended_ms = Some(now_ms);
            row.failure = failure.map(str::to_owned);
        });
        self.unended_transfers.remove(&event.transfer);
    }

    /// A step failed: tried again after a delay, or given up.
    pub(super) fn fail_event(&mut self, id: EventId, reason: &str, retryable: bool) {
        let limit = self.number(parameter_names::MAX_RETRY_COUNT, 5);
        let delay_ms = self.number(parameter_names::RETRY_DELAY, 120).saturating_mul(1000);
        let not_before_ms = self.header.clock_ms.saturating_add(delay_ms);
        let Some(event) = self.events.get(&id) else { return };
        let failures = event.failures + 1;
        let transfer = event.transfer;
        if !retryable || u64::from(failures) > limit {
            self.set_event_state(id, |event| event.failures = failures);
            self.bury_event(id, reason);
            return;
        }
        self.set_event_state(id, |event| {
            event.failures = failures;
            event.state = EventState::Waiting { not_before_ms };
        });
        self.transfers.update(&transfer, |row| row.failure = Some(reason.to_owned()));
    }

    /// The event goes to the dead letters.
    fn bury_event(&mut self, id: EventId, reason: &str) {
        let since_ms = self.header.clock_ms;
        self.header.totals.events_failed += 1;
        self.set_event_state(id, |event| event.state = EventState::Dead { since_ms, reason: reason.to_owned() });
        if let Some(event) = self.events.get(&id).cloned() {
            self.end_transfer(&event, TransferState::FailedSubtransmission, Some(reason));
        }
    }

    /// The event waits for a person's word.
    pub(super) fn hold_event(&mut self, id: EventId, step: u32, reason: &str) {
        let since_ms = self.header.clock_ms;
        let reason = reason.to_owned();
        let Some(transfer) = self.events.get(&id).map(|event| event.transfer) else { return };
        self.transfers.update(&transfer, |row| {
            row.state = TransferState::Paused;
            row.failure = Some(format!("outcome of step {step} unknown: {reason}"));
        });
        self.set_event_state(id, |event| event.state = EventState::OutcomeUnknown { since_ms, step, reason });
    }

    fn event_in_state(&self, id: EventId, is_right: fn(&EventState) -> bool) -> Result<EventRecord, Rejection> {
        let event = self.events.get(&id).ok_or(Rejection::NoSuchEvent { event: id })?;
        if is_right(&event.state) {
            return Ok(event.clone());
        }
        Err(Rejection::WrongEventState { event: id, state: event.state.name().to_owned() })
    }

    pub(super) fn retry_event(&mut self, id: EventId, now_ms: u64) -> Result<Outcome, Rejection> {
        let event =
            self.event_in_state(id, |state| matches!(state, EventState::Dead { .. } | EventState::Waiting { .. }))?;
        self.advance_clock(now_ms);
        self.revive_event(&event, event.next_step);
        Ok(Outcome::Done)
    }

    fn revive_event(&mut self, event: &EventRecord, next_step: u32) {
        let since_ms = self.header.clock_ms;
        self.set_event_state(event.id, |row| {
            row.next_step = next_step;
            row.failures = 0;
            row.lost_leases = 0;
            row.state = EventState::Ready { since_ms };
        });
        self.transfers.update(&event.transfer, |row| {
            row.state = TransferState::InProgress;
            row.ended_ms = None;
            row.failure = None;
        });
        if self.transfers.contains(&event.transfer) {
            self.unended_transfers.insert(event.transfer);
        }
    }

    pub(super) fn discard_event(&mut self, id: EventId, now_ms: u64) -> Result<Outcome, Rejection> {
        let held = |state: &EventState| {
            matches!(state, EventState::Dead { .. } | EventState::OutcomeUnknown { .. } | EventState::Waiting { .. })
        };
        let event = self.event_in_state(id, held)?;
        self.advance_clock(now_ms);
        self.take_event(id);
        self.release_blob(event.blob);
        self.header.totals.events_discarded += 1;
        let reason = match &event.state {
            EventState::Dead { reason, .. } | EventState::OutcomeUnknown { reason, .. } => {
                format!("discarded: {reason}")
            }
            _ => "discarded".to_owned(),
        };
        self.end_transfer(&event, TransferState::FailedSubtransmission, Some(&reason));
        Ok(Outcome::Done)
    }

    pub(super) fn resolve_event(
        &mut self,
        id: EventId,
        answer: ResolveAnswer,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        let event = self.event_in_state(id, |state| matches!(state, EventState::OutcomeUnknown { .. }))?;
        let EventState::OutcomeUnknown { step, .. } = event.state else { return Ok(Outcome::Done) };
        self.advance_clock(now_ms);
        let next_step = if answer == ResolveAnswer::Happened { step + 1 } else { step };
        self.revive_event(&event, next_step);
        Ok(Outcome::Done)
    }
}
