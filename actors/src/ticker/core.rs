//! When to tick. Pure.
//!
//! A tick is a log entry, so an idle cluster should tick seldom; but what waits for a time (retries, leases) should not
//! wait noticeably longer. The state knows its next deadline, so it is met exactly and nothing is written before.

use super::status::TickerStatus;
use crate::ports::Now;

/// Between two looks; bounds how late a deadline is met, and gathers what is due into one tick.
pub(crate) const LOOK_EVERY_MS: u64 = 250;
/// Without any deadline the log's time still moves on: ages are shown by it, and join tokens are swept.
const IDLE_EVERY_MS: u64 = 10_000;
/// Pause after a tick that was not recorded; doubles up to the longest.
const FIRST_PAUSE_MS: u64 = 500;
const LONGEST_PAUSE_MS: u64 = 5_000;

/// What is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Observed {
    /// This node is the primary.
    pub is_primary: bool,
    /// `State::next_deadline_ms`.
    pub next_deadline_ms: Option<u64>,
    /// `State::clock_ms`.
    pub log_clock_ms: u64,
}

/// The decision.
#[derive(Debug, Default)]
pub struct TickerCore {
    is_proposing: bool,
    /// Pauses are measured by the clock that never goes back.
    last_monotonic_ms: Option<u64>,
    paused_until_ms: u64,
    pause_ms: u64,
    status: TickerStatus,
}

impl TickerCore {
    /// Whether to propose a tick now.
    pub fn on_look(&mut self, observed: Observed, now: Now) -> bool {
        self.status.is_ticking = observed.is_primary;
        self.status.next_deadline_ms = observed.next_deadline_ms;
        if !observed.is_primary {
            // Whatever failed, failed in another term.
            (self.paused_until_ms, self.pause_ms) = (0, 0);
            return false;
        }
        if self.is_proposing || now.monotonic_ms < self.paused_until_ms {
            return false;
        }
        let since_last_ms = self.last_monotonic_ms.map_or(u64::MAX, |last_ms| now.monotonic_ms.saturating_sub(last_ms));
        // An earlier primary's clock may have been ahead: what is due is due by the log's time.
        let time_ms = now.unix_ms.max(observed.log_clock_ms);
        let is_due = observed.next_deadline_ms.is_some_and(|deadline_ms| deadline_ms <= time_ms);
        // The log's time moves with every command; only what it has not reached needs a tick.
        let is_old = now.unix_ms.saturating_sub(observed.log_clock_ms) >= IDLE_EVERY_MS;
        self.is_proposing = (is_due && since_last_ms >= LOOK_EVERY_MS) || (is_old && since_last_ms >= IDLE_EVERY_MS);
        if self.is_proposing {
            self.last_monotonic_ms = Some(now.monotonic_ms);
        }
        self.is_proposing
    }

    /// The proposal has ended. A tick of unknown outcome counts as failed: one more does no harm.
    pub fn on_answer(&mut self, answer: Result<(), String>, now: Now) {
        self.is_proposing = false;
        match answer {
            Ok(()) => {
                self.pause_ms = 0;
                self.status.ticks += 1;
                self.status.last_tick_ms = Some(now.unix_ms);
                self.status.last_failure = None;
            }
            Err(reason) => {
                self.pause_ms = (self.pause_ms * 2).clamp(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
                self.paused_until_ms = now.monotonic_ms + self.pause_ms;
                // What is old is not to wait for another idle period.
                self.last_monotonic_ms = None;
                self.status.failures += 1;
                self.status.last_failure = Some(reason);
            }
        }
    }

    /// What is known.
    pub fn status(&self) -> &TickerStatus {
        &self.status
    }
}
