//! What people may do with events that wait for them.

use std::sync::Arc;

use crate::command::{EventAction, ResolveAnswer};
use crate::event::{EventRecord, EventState};
use crate::ids::EventId;
use crate::journal::EventEnd;
use crate::outcome::{Outcome, Rejection};
use crate::party::{Route, Step};
use crate::state::State;
use crate::transfer::TransferState;

/// Most events that one command changes.
pub(crate) const MAX_CHANGED: usize = 1024;

impl State {
    pub(super) fn change_events(
        &mut self,
        events: &[EventId],
        action: &EventAction,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        if events.len() > MAX_CHANGED {
            return Err(Rejection::TooManyEvents { limit: MAX_CHANGED as u64 });
        }
        if let EventAction::Retry { steps: Some(steps) } = action {
            self.check_steps(steps)?;
        }
        self.advance_clock(now_ms);
        // One route for all of them, so that a thousand events share it.
        let route = match action {
            EventAction::Retry { steps: Some(steps) } => Some(only_for_these(steps)),
            _ => None,
        };
        let (mut changed, mut refused) = (0, Vec::new());
        for id in events {
            match self.change_event(*id, action, route.as_ref()) {
                Ok(()) => changed += 1,
                Err(rejection) => refused.push((*id, rejection)),
            }
        }
        Ok(Outcome::EventsChanged { changed, refused })
    }

    /// One event, as the older commands name it.
    pub(super) fn change_one(&mut self, id: EventId, action: &EventAction, now_ms: u64) -> Result<Outcome, Rejection> {
        let clock_ms = self.header.clock_ms;
        self.advance_clock(now_ms);
        self.change_event(id, action, None).inspect_err(|_| self.header.clock_ms = clock_ms)?;
        Ok(Outcome::Done)
    }

    fn change_event(&mut self, id: EventId, action: &EventAction, route: Option<&Arc<Route>>) -> Result<(), Rejection> {
        use EventState as S;
        let event = self.events.shared(&id).cloned().ok_or(Rejection::NoSuchEvent { event: id })?;
        match (action, &event.state) {
            (EventAction::Retry { .. }, S::Dead { .. } | S::Waiting { .. }) => {
                self.revive_event(&event, if route.is_some() { 0 } else { event.next_step }, route);
            }
            (EventAction::Discard, S::Dead { reason, .. } | S::OutcomeUnknown { reason, .. }) => {
                self.finish_event(id, EventEnd::Discarded, Some(&format!("discarded: {reason}")));
            }
            (EventAction::Discard, S::Waiting { .. }) => {
                self.finish_event(id, EventEnd::Discarded, Some("discarded"));
            }
            (EventAction::Cancel, S::Ready { .. } | S::Waiting { .. } | S::Blocked { .. } | S::Dead { .. }) => {
                self.finish_event(id, EventEnd::Cancelled, Some("cancelled"));
            }
            // Its worker is stopped, what it reports is refused; not in a step that may have had an effect.
            (EventAction::Cancel, S::Leased(_)) if event.doubtful_step().is_none() => {
                self.header.totals.leases_lost += 1;
                self.finish_event(id, EventEnd::Cancelled, Some("cancelled"));
            }
            (EventAction::Resolve(answer), S::OutcomeUnknown { step, .. }) => {
                let next_step = if *answer == ResolveAnswer::Happened { step + 1 } else { *step };
                self.revive_event(&event, next_step, None);
            }
            (_, state) => return Err(Rejection::WrongEventState { event: id, state: state.name().to_owned() }),
        }
        Ok(())
    }

    pub(super) fn revive_event(&mut self, event: &EventRecord, next_step: u32, route: Option<&Arc<Route>>) {
        let since_ms = self.header.clock_ms;
        self.set_event_state(event.id, |row| {
            if let Some(route) = route {
                row.route = Arc::clone(route);
            }
            row.next_step = next_step;
            row.failures = 0;
            row.lost_leases = 0;
            row.state = EventState::Ready { since_ms };
        });
        let Some(file) = event.file() else { return };
        self.transfers.update(&file.transfer, |row| {
            row.state = TransferState::InProgress;
            row.ended_ms = None;
            row.failure = None;
        });
        if self.transfers.contains(&file.transfer) {
            self.unended_transfers.insert(file.transfer);
        }
    }
}

fn only_for_these(steps: &[Step]) -> Arc<Route> {
    Arc::new(Route { steps: steps.to_vec(), ..Route::default() })
}
