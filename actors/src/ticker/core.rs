//! When to tick. Pure.
//!
//! A tick is a log entry, so an idle cluster should tick seldom; but what waits for a time (retries, leases) should not
//! wait noticeably longer. The state knows its next deadline, so it is met exactly and nothing is written before.

/// Between two looks; bounds how late a deadline is met.
pub(crate) const LOOK_EVERY_MS: u64 = 250;
/// Without any deadline the log's time still moves on: ages are shown by it, and join tokens are swept.
const IDLE_EVERY_MS: u64 = 10_000;

/// The decision.
#[derive(Debug, Default)]
pub struct TickerCore {
    proposing: bool,
    last_ms: Option<u64>,
}

impl TickerCore {
    /// Whether to propose a tick now. `next_deadline_ms` and `log_clock_ms` are of the state, `now_ms` is Unix time.
    pub fn on_look(&mut self, is_primary: bool, next_deadline_ms: Option<u64>, log_clock_ms: u64, now_ms: u64) -> bool {
        if !is_primary || self.proposing {
            return false;
        }
        let since_last_ms = self.last_ms.map_or(u64::MAX, |last_ms| now_ms.saturating_sub(last_ms));
        // The log's own clock moves with every command; only what it has not reached needs a tick.
        let is_due =
            next_deadline_ms.is_some_and(|deadline_ms| deadline_ms <= now_ms) && since_last_ms >= LOOK_EVERY_MS;
        let is_idle = now_ms.saturating_sub(log_clock_ms) >= IDLE_EVERY_MS && since_last_ms >= IDLE_EVERY_MS;
        if is_due || is_idle {
            self.proposing = true;
            self.last_ms = Some(now_ms);
        }
        self.proposing
    }

    /// The proposal has ended, in whatever way: the next look shows what is due.
    pub fn on_answer(&mut self) {
        self.proposing = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_met_and_idleness_writes_little() {
        let mut core = TickerCore::default();
        assert!(!core.on_look(false, Some(0), 0, 100_000), "a secondary never ticks");
        assert!(!core.on_look(true, Some(100_500), 100_000, 100_499), "not due");
        assert!(core.on_look(true, Some(100_500), 100_000, 100_500));
        assert!(!core.on_look(true, Some(100_500), 100_000, 100_750), "on its way");
        core.on_answer();
        assert!(!core.on_look(true, Some(100_500), 100_000, 100_700), "not twice within a look");
        assert!(core.on_look(true, Some(100_500), 100_000, 100_750), "it came to nothing: again");
        core.on_answer();
        assert!(!core.on_look(true, None, 100_750, 110_000));
        assert!(core.on_look(true, None, 100_750, 110_750));
        core.on_answer();
        assert!(!core.on_look(true, None, 119_000, 121_000), "other commands moved the log's time");
    }
}
