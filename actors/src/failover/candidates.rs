//! Who could be primary next: the first in promotion order that votes, is heard, is fit and has the log. Pure.

use flotilla_model::NodeId;

use crate::ports::Fitness;

/// A node as a possible primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) node: NodeId,
    pub(crate) last_log_index: u64,
    pub(crate) fitness: Fitness,
    /// Of its nearest majority; see [`super::round_trips`].
    pub(crate) majority_round_trip_us: Option<u64>,
}

/// Heartbeats are up to an interval old, and under load thousands of entries are written in one. A node that is further
/// behind than this would have to be waited for.
const LAG_MAX: u64 = 10_000;

/// The pool shows itself several times a second; a loaded machine may keep it waiting for longer than a disk.
const WORK_PATIENCE: u64 = 5;

/// The first suitable one of `candidates`, in promotion order. Nodes that are not in the list come last, by id.
pub(crate) fn next_primary(candidates: &[Candidate], order: &[NodeId], stall_limit_ms: u64) -> Option<NodeId> {
    let furthest = candidates.iter().map(|candidate| candidate.last_log_index).max()?;
    let suits = |candidate: &&Candidate| {
        furthest - candidate.last_log_index <= LAG_MAX && is_fit(candidate.fitness, stall_limit_ms)
    };
    let rank = |node: NodeId| (order.iter().position(|listed| *listed == node).unwrap_or(usize::MAX), node);
    candidates.iter().filter(suits).map(|candidate| candidate.node).min_by_key(|node| rank(*node))
}

/// Whether a node can do a primary's duty.
pub(crate) fn is_fit(fitness: Fitness, stall_limit_ms: u64) -> bool {
    fitness.disk_stalled_ms < stall_limit_ms
        && fitness.work_stalled_ms < stall_limit_ms * WORK_PATIENCE
        && fitness.apply_lag <= LAG_MAX
        && !fitness.draining
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(node: u64, last_log_index: u64) -> Candidate {
        Candidate { node: NodeId(node), last_log_index, fitness: Fitness::default(), majority_round_trip_us: None }
    }

    fn next(candidates: &[Candidate]) -> Option<u64> {
        next_primary(candidates, &[NodeId(3), NodeId(1), NodeId(2)], 1_000).map(|node| node.0)
    }

    #[test]
    fn promotion_order_decides_among_suitable_nodes() {
        assert_eq!(next(&[]), None);
        assert_eq!(next(&[candidate(1, 10), candidate(2, 10), candidate(3, 10)]), Some(3));
        assert_eq!(next(&[candidate(1, 10), candidate(2, 10)]), Some(1));
        assert_eq!(next(&[candidate(1, 100_000), candidate(3, 80_000)]), Some(1), "too far behind");
        assert_eq!(next(&[candidate(9, 10), candidate(2, 10)]), Some(2), "not in the list: last");
        let stalled =
            Candidate { fitness: Fitness { disk_stalled_ms: 1_000, ..Fitness::default() }, ..candidate(3, 10) };
        assert_eq!(next(&[stalled, candidate(2, 10)]), Some(2));
        let hung = Fitness { work_stalled_ms: 5_000, ..Fitness::default() };
        assert_eq!(next(&[Candidate { fitness: hung, ..candidate(3, 10) }, candidate(2, 10)]), Some(2));
        let draining = Candidate { fitness: Fitness { draining: true, ..Fitness::default() }, ..candidate(3, 10) };
        assert_eq!(next(&[draining]), None);
    }
}
