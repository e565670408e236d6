//! Work on events: leases given, renewed, ended. Everything is fenced by node, session and attempt.

use crate::command::Command;
use crate::event::{EventRecord, EventState, Lease};
use crate::file::FileRecord;
use crate::ids::{EventId, NodeId, SessionId};
use crate::journal::EventEnd;
use crate::outcome::{Outcome, Rejection};
use crate::state::{State, parameter_names};
use crate::work::{StepReport, StepResult, WorkEnd, WorkResult};

use super::delay::Cause;

/// Most leases that one claim gives: bounds the work of one command and the size of its answer.
const MAX_CLAIM: u32 = 1024;
/// Most runs of steps that a transfer's row keeps; the oldest go first.
const MAX_REPORTS: usize = 64;
/// The same for the row of an event that has no transfer: it is kept in memory while the event waits.
const MAX_OWN_REPORTS: usize = 8;

impl State {
    pub(super) fn claim(
        &mut self,
        node: NodeId,
        session: SessionId,
        count: u32,
        steal_after_ms: u64,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        self.check_session(node, session)?;
        self.advance_clock(now_ms);
        // Its own pool knows it a moment later.
        if self.stopped_tms.contains(&node) || self.leaving.contains(&node) {
            return Ok(Outcome::Claimed { leases: Vec::new(), more: false });
        }
        let count = count.min(MAX_CLAIM) as usize;
        let clock_ms = self.header.clock_ms;
        let choice = self.choose(node, count, steal_after_ms);
        let timeout_ms = self.number(parameter_names::LEASE_TIMEOUT, 300).saturating_mul(1000);
        let expires_ms = clock_ms.saturating_add(timeout_ms);
        self.lease_check_ms =
            if self.queue.leased.is_empty() { expires_ms } else { self.lease_check_ms.min(expires_ms) };
        self.note_turns(&choice);
        let mut leases = Vec::with_capacity(choice.events.len());
        for id in choice.events {
            self.set_event_state(id, |event| {
                event.attempt += 1;
                leases.push((id, event.attempt));
                event.state = EventState::Leased(Lease {
                    node,
                    session,
                    attempt: event.attempt,
                    granted_ms: clock_ms,
                    expires_ms,
                    begun_step: None,
                });
            });
        }
        self.header.totals.leases_granted += leases.len() as u64;
        Ok(Outcome::Claimed { leases, more: self.ready_count() > 0 })
    }

    /// The lease, if it is the one that is valid now.
    fn check_lease(
        &self,
        event: EventId,
        attempt: u32,
        node: NodeId,
        session: SessionId,
    ) -> Result<(&EventRecord, Lease), Rejection> {
        let stale = Rejection::StaleLease { event };
        let row = self.events.get(&event).ok_or(stale.clone())?;
        match &row.state {
            EventState::Leased(lease) if lease.attempt == attempt && lease.node == node && lease.session == session => {
                Ok((row, *lease))
            }
            _ => Err(stale),
        }
    }

    pub(super) fn begin_step(
        &mut self,
        (event, attempt, node, session): (EventId, u32, NodeId, SessionId),
        step: u32,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        self.check_lease(event, attempt, node, session)?;
        self.advance_clock(now_ms);
        self.set_event_state(event, |row| {
            if let EventState::Leased(lease) = &mut row.state {
                lease.begun_step = Some(step);
            }
        });
        Ok(Outcome::Done)
    }

    pub(super) fn renew_leases(
        &mut self,
        node: NodeId,
        session: SessionId,
        leases: &[(EventId, u32)],
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        self.check_session(node, session)?;
        self.advance_clock(now_ms);
        let timeout_ms = self.number(parameter_names::LEASE_TIMEOUT, 300).saturating_mul(1000);
        let end = self.header.clock_ms.saturating_add(timeout_ms);
        let mut stale = Vec::new();
        for (event, attempt) in leases {
            if self.check_lease(*event, *attempt, node, session).is_err() {
                stale.push(*event);
                continue;
            }
            self.set_event_state(*event, |row| {
                if let EventState::Leased(lease) = &mut row.state {
                    lease.expires_ms = end;
                }
            });
        }
        Ok(Outcome::Completed { stale })
    }

    pub(super) fn publish_file(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::PublishFile { event, attempt, node, session, target_account, target_path, now_ms } = command
        else {
            unreachable!("dispatched by variant");
        };
        let (row, _) = self.check_lease(*event, *attempt, *node, *session)?;
        let file = row.file().ok_or(Rejection::NoFile { event: *event })?;
        let (blob, length, sha256, transfer) = (file.blob, file.length, file.sha256, file.transfer);
        if self.file(target_account, target_path).is_some_and(|file| file.blob == blob) {
            return Ok(Outcome::Done);
        }
        self.check_target(target_account, target_path, length)?;
        self.advance_clock(*now_ms);
        let record = FileRecord { blob, length, sha256, modified_ms: *now_ms, transfer };
        self.put_file(target_account, target_path, record);
        Ok(Outcome::Done)
    }

    pub(super) fn complete(
        &mut self,
        node: NodeId,
        session: SessionId,
        results: &[WorkResult],
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        self.advance_clock(now_ms);
        let mut stale = Vec::new();
        for result in results {
            if self.check_lease(result.event, result.attempt, node, session).is_err() {
                self.header.totals.results_stale += 1;
                stale.push(result.event);
                continue;
            }
            self.take_result(node, result);
        }
        Ok(Outcome::Completed { stale })
    }

    fn take_result(&mut self, node: NodeId, result: &WorkResult) {
        let Some(event) = self.events.shared(&result.event).cloned() else { return };
        if let Some(file) = event.file() {
            self.transfers.update(&file.transfer, |row| {
                keep_reports(&mut row.steps, &result.steps, MAX_REPORTS);
                row.worker = Some((node, result.worker));
            });
        }
        if result.end == WorkEnd::Done {
            return self.finish_event(result.event, EventEnd::Completed, None);
        }
        let succeeded = |step: &&StepReport| matches!(step.result, StepResult::Succeeded { .. });
        let reached = result.steps.iter().filter(succeeded).map(|step| step.step + 1).max();
        self.set_event_state(result.event, |row| {
            row.next_step = row.next_step.max(reached.unwrap_or(0));
            if row.data().is_some() && !result.steps.is_empty() {
                keep_reports(&mut row.options.get_or_insert_default().steps, &result.steps, MAX_OWN_REPORTS);
            }
        });
        match &result.end {
            WorkEnd::Done => {}
            WorkEnd::Failed { reason, retryable } => self.fail_event(result.event, reason, *retryable, Cause::Step),
            WorkEnd::FailedInternally { reason } => self.fail_event(result.event, reason, true, Cause::Internal),
            WorkEnd::OutcomeUnknown { step, reason } => self.hold_event(result.event, *step, reason),
            WorkEnd::Returned => {
                let since_ms = self.header.clock_ms;
                self.set_event_state(result.event, |row| row.state = EventState::Ready { since_ms });
            }
        }
    }
}

/// Adds reports; of many the last ones stay.
fn keep_reports(kept: &mut Vec<StepReport>, new: &[StepReport], limit: usize) {
    kept.extend(new.iter().cloned());
    let surplus = kept.len().saturating_sub(limit);
    kept.drain(..surplus);
}
