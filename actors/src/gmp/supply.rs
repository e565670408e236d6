//! What the queue offers a node now. The one place where the pool asks the state about events that it does not hold.

use flotilla_model::{NodeId, State};

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
    /// Until the oldest has waited long enough, by what is known now.
    pub(crate) ripe_in_ms: u64,
}

impl Supply {
    pub(crate) fn read(state: &State, config: &PoolConfig, now: Now) -> Self {
        let ready = state.ready_count() as u32;
        if ready == 0 {
            return Self { own: 0, others: 0, may_steal: false, ripe_in_ms: 0 };
        }
        let own = (state.ready_at(config.node) as u32).min(ready);
        // By the log's time, so that a clock that is behind does not delay it.
        let clock_ms = now.unix_ms.max(state.clock_ms());
        let others = ready - own;
        let age_ms = state.oldest_ready_since_ms().map_or(0, |since_ms| clock_ms.saturating_sub(since_ms));
        let may_steal = others > 0 && (age_ms >= config.steal_after_ms || has_orphans(state, config.node));
        Self { own, others, may_steal, ripe_in_ms: config.steal_after_ms.saturating_sub(age_ms) }
    }
}

fn has_orphans(state: &State, node: NodeId) -> bool {
    state.members.values().any(|member| member.id != node && !member.is_up() && state.ready_at(member.id) > 0)
}
