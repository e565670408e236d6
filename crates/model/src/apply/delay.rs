//! How long a failed event waits for its next try. Computed in the log, so that every node gets the same.

use crate::ids::EventId;
use crate::state::{State, parameter_names};

/// Tries are spread by this much to both sides, so that what failed together does not come back together.
const JITTER_PER_MILLE: u64 = 100;

/// Who is the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The step's receiver, or what the step found.
    Step,
    /// This cluster: a disk, a missing copy, no quorum.
    Internal,
}

impl State {
    /// The delay before try number `failures + 1`: the first one as the parameter says, each further one longer by the
    /// factor, up to the longest.
    pub(super) fn retry_delay_ms(&self, id: EventId, failures: u32, cause: Cause) -> u64 {
        let name = match cause {
            Cause::Step => parameter_names::RETRY_DELAY,
            Cause::Internal => parameter_names::INTERNAL_RETRY_DELAY,
        };
        let first_ms = self.number(name, 120).saturating_mul(1000);
        let factor = self.number(parameter_names::RETRY_BACKOFF, 2).max(1);
        let longest_ms = self.number(parameter_names::MAX_RETRY_DELAY, 3600).saturating_mul(1000).max(first_ms);
        let grown_ms = first_ms.saturating_mul(factor.saturating_pow(failures.saturating_sub(1)));
        spread(grown_ms.min(longest_ms), id, failures)
    }
}

/// Spreads a delay by a hash of event and try.
fn spread(delay_ms: u64, id: EventId, failures: u32) -> u64 {
    // The finaliser of splitmix64 (Steele, Lea, Flood 2014).
    let mut hash = id.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(u64::from(failures));
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^= hash >> 31;
    let per_mille = 1000 - JITTER_PER_MILLE + hash % (2 * JITTER_PER_MILLE + 1);
    delay_ms.saturating_mul(per_mille) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_spread_and_stay_near() {
        let delays: Vec<_> = (0..1000).map(|id| spread(10_000, EventId(id), 1)).collect();
        assert!(delays.iter().all(|delay| (9_000..=11_000).contains(delay)));
        assert!(delays.iter().any(|delay| *delay < 9_300) && delays.iter().any(|delay| *delay > 10_700));
        assert_eq!(spread(0, EventId(1), 1), 0);
        assert!(spread(u64::MAX, EventId(1), 1) > 0);
    }

    #[test]
    fn delays_grow_to_their_bound() {
        let state = State::default();
        let near = |failures, expected_ms: u64| {
            let delay_ms = state.retry_delay_ms(EventId(7), failures, Cause::Step);
            assert!(delay_ms.abs_diff(expected_ms) <= expected_ms / 10, "{failures}: {delay_ms}");
        };
        near(1, 120_000);
        near(2, 240_000);
        near(3, 480_000);
        near(9, 3_600_000);
        near(u32::MAX, 3_600_000);
    }
}
