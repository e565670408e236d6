//! When a failed actor comes back: the pure core of restarting. No clock, no randomness: both are arguments.

use std::{collections::VecDeque, time::Duration};

/// Back-off and budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartPolicy {
    /// Restarts allowed in one window; the next failure in it exhausts the budget.
    pub restarts_in_window: u32,
    /// The window that slides over the failures.
    pub window: Duration,
    /// Delay before the first restart; doubles with each failure in the window.
    pub first_backoff: Duration,
    /// The delay never exceeds this.
    pub longest_backoff: Duration,
}

impl Default for RestartPolicy {
    /// Ten restarts a minute from 10 ms up to 5 s: a fault that needs a moment to pass is outlived, a broken
    /// actor is given up within seconds so that the cluster can take over.
    fn default() -> Self {
        Self {
            restarts_in_window: 10,
            window: Duration::from_secs(60),
            first_backoff: Duration::from_millis(10),
            longest_backoff: Duration::from_secs(5),
        }
    }
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Start a new incarnation after this time.
    RestartAfter(Duration),
    /// The budget is used up.
    GiveUp,
}

/// The failures that still count.
#[derive(Debug)]
pub struct Budget {
    policy: RestartPolicy,
    failures_ms: VecDeque<u64>,
}

impl Budget {
    /// A fresh budget.
    pub fn new(policy: RestartPolicy) -> Self {
        Self { policy, failures_ms: VecDeque::new() }
    }

    /// Judges a failure at `now_ms`; `jitter` in 0..1 spreads restarts that failed together over half of the delay.
    pub fn on_failure(&mut self, now_ms: u64, jitter: f64) -> Decision {
        let window_ms = u64::try_from(self.policy.window.as_millis()).unwrap_or(u64::MAX);
        while self.failures_ms.front().is_some_and(|at_ms| now_ms.saturating_sub(*at_ms) >= window_ms) {
            self.failures_ms.pop_front();
        }
        let earlier = u32::try_from(self.failures_ms.len()).unwrap_or(u32::MAX);
        if earlier >= self.policy.restarts_in_window {
            return Decision::GiveUp;
        }
        self.failures_ms.push_back(now_ms);
        let factor = 1_u32.checked_shl(earlier.min(20)).unwrap_or(u32::MAX);
        let full = self.policy.first_backoff.saturating_mul(factor).min(self.policy.longest_backoff);
        Decision::RestartAfter(full.div_f64(2.0) + full.div_f64(2.0).mul_f64(jitter.clamp(0.0, 1.0)))
    }

    /// An operator's restart begins with a fresh budget.
    pub fn reset(&mut self) {
        self.failures_ms.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> RestartPolicy {
        RestartPolicy {
            restarts_in_window: 3,
            window: Duration::from_secs(1),
            first_backoff: Duration::from_millis(100),
            longest_backoff: Duration::from_millis(300),
        }
    }

    #[test]
    fn delays_double_up_to_the_longest() {
        let mut budget = Budget::new(policy());
        let delays: Vec<_> = (0..3).map(|at_ms| budget.on_failure(at_ms, 1.0)).collect();
        let expected = [100, 200, 300].map(|ms| Decision::RestartAfter(Duration::from_millis(ms)));
        assert_eq!(delays, expected);
    }

    #[test]
    fn jitter_takes_away_at_most_half() {
        let mut budget = Budget::new(policy());
        assert_eq!(budget.on_failure(0, 0.0), Decision::RestartAfter(Duration::from_millis(50)));
    }

    #[test]
    fn the_budget_is_used_up_and_the_window_slides() {
        let mut budget = Budget::new(policy());
        for at_ms in [0, 10, 20] {
            assert!(matches!(budget.on_failure(at_ms, 1.0), Decision::RestartAfter(_)));
        }
        assert_eq!(budget.on_failure(30, 1.0), Decision::GiveUp);
        assert!(matches!(budget.on_failure(1000, 1.0), Decision::RestartAfter(_)), "the failure at 0 no longer counts");
        assert_eq!(budget.on_failure(1001, 1.0), Decision::GiveUp);
        budget.reset();
        assert_eq!(budget.on_failure(1002, 1.0), Decision::RestartAfter(Duration::from_millis(100)));
    }
}
