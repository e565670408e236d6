//! How near a node is to the majority that has to sync what it writes as primary. Pure.

use flotilla_model::NodeId;

use crate::ports::{LinkLevel, LinkView};

/// Below this nobody is slow, however near another is: sites of one country are that far from each other.
const SLOW_US: u64 = 100_000;
/// A hand-over must be worth it.
const SLOWER_TIMES: u64 = 4;

/// Round trip to the farthest voter of the nearest majority, of which `own` is one. None while there is no majority in
/// sight, and for a node that is alone.
pub(super) fn to_majority(own: NodeId, voters: &[NodeId], links: &[LinkView]) -> Option<u64> {
    let is_heard = |link: &&LinkView| matches!(link.level, LinkLevel::Connected { .. });
    let others = links.iter().filter(|link| link.node != own && voters.contains(&link.node)).filter(is_heard);
    let mut round_trips: Vec<u64> = others.filter_map(|link| link.round_trip_us).collect();
    round_trips.sort_unstable();
    round_trips.get((voters.len() / 2).checked_sub(1)?).copied()
}

/// Whether a primary with `own` to its majority should give way to a node with `other`. What is not known is not slow.
pub(super) fn is_slow(own: Option<u64>, other: Option<u64>) -> bool {
    matches!((own, other), (Some(own), Some(other)) if own >= SLOW_US && own >= other.saturating_mul(SLOWER_TIMES))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(node: u64, round_trip_us: Option<u64>, is_heard: bool) -> LinkView {
        let level = if is_heard { LinkLevel::Connected { since_ms: 0 } } else { LinkLevel::Silent { since_ms: 0 } };
        LinkView { node: NodeId(node), level, round_trip_us, connects: 1, last_error: None }
    }

    fn of_node_1(voters: u64, links: &[LinkView]) -> Option<u64> {
        to_majority(NodeId(1), &(1..=voters).map(NodeId).collect::<Vec<_>>(), links)
    }

    #[test]
    fn the_majority_is_as_far_as_the_last_voter_it_needs() {
        let links =
            [link(2, Some(900), true), link(3, Some(100), true), link(4, Some(500), true), link(5, Some(700), true)];
        assert_eq!(of_node_1(1, &links), None, "alone");
        assert_eq!(of_node_1(2, &links), Some(900));
        assert_eq!(of_node_1(3, &links), Some(100));
        assert_eq!(of_node_1(5, &links), Some(500));
        assert_eq!(of_node_1(3, &[link(2, Some(900), true), link(3, Some(100), false)]), Some(900));
        assert_eq!(of_node_1(3, &[link(2, None, true), link(3, Some(100), false)]), None, "not known");
    }

    #[test]
    fn slow_is_far_and_much_farther_than_the_other() {
        assert!(is_slow(Some(100_000), Some(25_000)));
        assert!(!is_slow(Some(99_999), Some(100)), "near enough");
        assert!(!is_slow(Some(400_000), Some(100_001)), "not worth it");
        assert!(!is_slow(Some(400_000), None));
        assert!(!is_slow(None, Some(1)));
    }
}
