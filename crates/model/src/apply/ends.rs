//! How events go on when work on them ends, fails or is lost, and how they end.

use crate::event::{EventRecord, EventState, Subject};
use crate::ids::{EventId, NodeId};
use crate::journal::EventEnd;
use crate::state::{State, parameter_names};
use crate::transfer::TransferState;

use super::delay::Cause;

/// How a lease ended without a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeaseLoss {
    /// Its worker's process is gone.
    ProcessDied,
    /// The worker showed no progress.
    NotRenewed,
}

impl LeaseLoss {
    fn in_words(self) -> &'static str {
        match self {
            Self::ProcessDied => "its worker's process died",
            Self::NotRenewed => "its lease was not renewed in time",
        }
    }
}

impl State {
    /// Gives back all leases of a node, as its process is gone.
    pub(super) fn return_leases(&mut self, node: NodeId) {
        let leased: Vec<EventId> = self.leased_to(node).map(|event| event.id).collect();
        for id in leased {
            self.lose_lease(id, LeaseLoss::ProcessDied);
        }
    }

    pub(super) fn lose_lease(&mut self, id: EventId, loss: LeaseLoss) {
        let Some(event) = self.events.shared(&id).cloned() else { return };
        let EventState::Leased(lease) = event.state else { return };
        self.header.totals.leases_lost += 1;
        if let Some(step) = event.doubtful_step() {
            self.hold_event(id, step, &format!("the step was begun on node {} and {}", lease.node, loss.in_words()));
            return;
        }
        if loss == LeaseLoss::NotRenewed {
            return self.fail_event(id, loss.in_words(), true, Cause::Step);
        }
        let lost_leases = event.lost_leases + 1;
        self.set_event_state(id, |event| event.lost_leases = lost_leases);
        let limit = self.number(parameter_names::POISON_LIMIT, 3);
        if u64::from(lost_leases) >= limit {
            self.bury_event(id, &format!("given up: {lost_leases} times {}", loss.in_words()));
        } else {
            let since_ms = self.header.clock_ms;
            self.set_event_state(id, |event| event.state = EventState::Ready { since_ms });
        }
    }

    /// The event ends: its row goes, its contents are let go of, its transfer or journal entry says how it ended.
    pub(super) fn finish_event(&mut self, id: EventId, end: EventEnd, failure: Option<&str>) {
        let Some(event) = self.take_event(id) else { return };
        let totals = &mut self.header.totals;
        match end {
            EventEnd::Completed => totals.events_completed += 1,
            EventEnd::Discarded => totals.events_discarded += 1,
            EventEnd::Expired => totals.events_expired += 1,
            EventEnd::Cancelled => totals.events_cancelled += 1,
        }
        self.count_in_lane(event.lane, |lane| match end {
            EventEnd::Completed => lane.completed += 1,
            EventEnd::Discarded => lane.discarded += 1,
            EventEnd::Expired => lane.expired += 1,
            EventEnd::Cancelled => lane.cancelled += 1,
        });
        match &event.subject {
            Subject::File(file) => {
                self.release_blob(file.blob);
                let state = match end {
                    EventEnd::Completed => TransferState::Processed,
                    _ => TransferState::FailedSubtransmission,
                };
                self.end_transfer(&event, state, failure);
            }
            Subject::Data(_) => self.journal.note_end(id, end, self.header.clock_ms),
        }
        self.unblock_next(&event);
    }

    /// The next event of the ordering key may go.
    fn unblock_next(&mut self, ended: &EventRecord) {
        let Some(key) = ended.ordering_key() else { return };
        let Some(next) = self.queue.of_key(&ended.account, key).next() else { return };
        let clock_ms = self.header.clock_ms;
        // The ended one may not have been the first.
        let Some(EventState::Blocked { not_before_ms, .. }) = self.events.get(&next).map(|event| event.state.clone())
        else {
            return;
        };
        self.set_event_state(next, |event| {
            event.state = if not_before_ms > clock_ms {
                EventState::Waiting { not_before_ms }
            } else {
                EventState::Ready { since_ms: clock_ms }
            };
        });
    }

    fn end_transfer(&mut self, event: &EventRecord, state: TransferState, failure: Option<&str>) {
        let Some(file) = event.file() else { return };
        let now_ms = self.header.clock_ms;
        self.transfers.update(&file.transfer, |row| {
            row.state = state;
            row.ended_ms = Some(now_ms);
            row.failure = failure.map(str::to_owned);
        });
        self.unended_transfers.remove(&file.transfer);
    }

    /// A step failed: tried again after a delay, or given up.
    pub(super) fn fail_event(&mut self, id: EventId, reason: &str, retryable: bool, cause: Cause) {
        let limit = self.number(parameter_names::MAX_RETRY_COUNT, 5);
        let Some(event) = self.events.shared(&id).cloned() else { return };
        let failures = event.failures + 1;
        if !retryable || u64::from(failures) > limit {
            self.set_event_state(id, |event| event.failures = failures);
            self.bury_event(id, reason);
            return;
        }
        let not_before_ms = self.header.clock_ms.saturating_add(self.retry_delay_ms(id, failures, cause));
        if event.expires_ms().is_some_and(|expires_ms| expires_ms <= not_before_ms) {
            return self.finish_event(
                id,
                EventEnd::Expired,
                Some(&format!("expired before it could be retried: {reason}")),
            );
        }
        self.set_event_state(id, |event| {
            event.failures = failures;
            event.state = EventState::Waiting { not_before_ms };
        });
        self.header.totals.events_retried += 1;
        self.count_in_lane(event.lane, |lane| lane.retried += 1);
        if let Some(file) = event.file() {
            self.transfers.update(&file.transfer, |row| row.failure = Some(reason.to_owned()));
        }
    }

    /// The event goes to the dead letters.
    fn bury_event(&mut self, id: EventId, reason: &str) {
        let since_ms = self.header.clock_ms;
        self.header.totals.events_failed += 1;
        self.set_event_state(id, |event| event.state = EventState::Dead { since_ms, reason: reason.to_owned() });
        if let Some(event) = self.events.shared(&id).cloned() {
            self.count_in_lane(event.lane, |lane| lane.failed += 1);
            self.end_transfer(&event, TransferState::FailedSubtransmission, Some(reason));
        }
    }

    /// The event waits for a person's word.
    pub(super) fn hold_event(&mut self, id: EventId, step: u32, reason: &str) {
        let since_ms = self.header.clock_ms;
        let reason = reason.to_owned();
        let Some(event) = self.events.get(&id) else { return };
        if let Some(transfer) = event.file().map(|file| file.transfer) {
            self.transfers.update(&transfer, |row| {
                row.state = TransferState::Paused;
                row.failure = Some(format!("outcome of step {step} unknown: {reason}"));
            });
        }
        self.set_event_state(id, |event| event.state = EventState::OutcomeUnknown { since_ms, step, reason });
    }
}

impl EventRecord {
    /// The step that a worker has begun and that must not be repeated blindly.
    pub(super) fn doubtful_step(&self) -> Option<u32> {
        let EventState::Leased(lease) = &self.state else { return None };
        lease.begun_step.filter(|step| self.route.steps.get(*step as usize).is_some_and(|step| !step.is_idempotent()))
    }
}
