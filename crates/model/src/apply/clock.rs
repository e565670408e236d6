//! Time passes: what becomes due by it.

use crate::event::EventState;
use crate::ids::EventId;
use crate::journal::EventEnd;
use crate::member::JoinToken;
use crate::outcome::{Outcome, Rejection};
use crate::state::State;

/// Most events of a sort that one command wakes or ends: a long queue is gone through over several ticks.
const DUE_MAX: usize = 4096;

impl State {
    pub(super) fn tick(&mut self, now_ms: u64) -> Result<Outcome, Rejection> {
        self.advance_clock(now_ms);
        let clock_ms = self.header.clock_ms;
        let due = |index: &imbl::OrdSet<(u64, EventId)>| -> Vec<EventId> {
            index.iter().take_while(|(at, _)| *at <= clock_ms).take(DUE_MAX).map(|(_, id)| *id).collect()
        };
        for id in due(&self.queue.expiries) {
            self.finish_event(id, EventEnd::Expired, Some("expired before a worker took it"));
        }
        for id in due(&self.queue.waiting) {
            self.set_event_state(id, |event| event.state = EventState::Ready { since_ms: clock_ms });
        }
        self.end_old_leases();
        self.forget_keys();
        // A day is long enough for a repeated join; then the row is of no use.
        let old = |token: &JoinToken| token.expires_ms.saturating_add(86_400_000) <= clock_ms;
        let gone: Vec<_> = self.join_tokens.iter().filter(|(_, token)| old(token)).map(|(hash, _)| *hash).collect();
        for hash in gone {
            self.join_tokens.remove(&hash);
        }
        self.forget_revocations();
        self.forget_api_tokens();
        self.forget_logins();
        self.forget_partner_sessions();
        self.expire_uploads();
        self.forget_requests();
        Ok(Outcome::Done)
    }

    /// Leases that nobody renewed. They are looked through only when one can have ended: far fewer times than they change.
    fn end_old_leases(&mut self) {
        if self.queue.leased.is_empty() || self.lease_check_ms > self.header.clock_ms {
            return;
        }
        let clock_ms = self.header.clock_ms;
        let (mut ended, mut next_check_ms) = (Vec::new(), u64::MAX);
        for (_, id) in &self.queue.leased {
            let Some(EventState::Leased(lease)) = self.events.get(id).map(|event| &event.state) else { continue };
            if lease.expires_ms <= clock_ms && ended.len() < DUE_MAX {
                ended.push(*id);
            } else {
                next_check_ms = next_check_ms.min(lease.expires_ms);
            }
        }
        self.lease_check_ms = next_check_ms;
        for id in ended {
            self.lose_lease(id, super::ends::LeaseLoss::NotRenewed);
        }
    }
}
