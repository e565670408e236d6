//! What the queue offers a node now. The one place where the pool asks the state about events that it does not hold.

use flotilla_model::State;

use super::core::PoolConfig;
use crate::ports::Now;

/// Ready events as one node sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Supply {
    /// Came in through this node: it may have them at once.
    pub(crate) own: u32,
    /// Came in elsewhere.
    pub(crate) others: u32,
    /// Whether a claim would get some of the others now: they have waited, or their node is gone.
    pub(crate) may_steal: bool,
    /// How long the oldest has waited.
    pub(crate) oldest_ms: u64,
    /// Until the oldest has waited long enough, by what is known now.
    pub(crate) ripe_in_ms: u64,
}

impl Supply {
    pub(crate) fn read(state: &State, config: &PoolConfig, now: Now) -> Self {
        let ready = state.ready_count() as u32;
        if ready == 0 {
            return Self { own: 0, others: 0, may_steal: false, oldest_ms: 0, ripe_in_ms: 0 };
        }
        let own = (state.ready_at(config.node) as u32).min(ready);
        // By the log's time, so that a clock that is behind does not delay it.
        let clock_ms = now.unix_ms.max(state.clock_ms());
        let others = ready - own;
        let may_steal = others > 0 && state.may_steal(config.node, config.steal_after_ms, clock_ms);
        let oldest_ms = state.oldest_ready_age_ms();
        let ripe_in_ms = match config.steal_after_ms.saturating_sub(oldest_ms) {
            // The oldest is none that may be had: look again later.
            0 => config.steal_after_ms,
            left_ms => left_ms,
        };
        Self { own, others, may_steal, oldest_ms, ripe_in_ms }
    }

    /// What this node may claim now.
    pub(crate) fn open(&self) -> u32 {
        self.own + if self.may_steal { self.others } else { 0 }
    }
}
