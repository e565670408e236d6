//! Who should vote. Pure.
//!
//! Five voters at most: each further one makes every commit wait for more disks and adds no failure that a transfer
//! cluster needs to outlive. Odd numbers, because an even one outlives no more failures than the odd one below; except
//! two, since a single voter of two nodes would acknowledge what is on one disk only.

use std::collections::BTreeSet;

use flotilla_model::NodeId;

/// Most voters.
const VOTERS_MAX: usize = 5;

/// How many of `members` nodes vote.
pub(crate) fn voter_count(members: usize) -> usize {
    match members {
        0..=2 => members,
        _ => (members - (1 - members % 2)).min(VOTERS_MAX),
    }
}

/// What is known of a member.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) node: NodeId,
    pub(crate) votes: bool,
    /// It follows, has the log almost to its end, and is heard.
    pub(crate) caught_up: bool,
    /// It has been gone for so long that another should vote in its place.
    pub(crate) long_gone: bool,
}

/// The voters that there should be now, given the members in promotion order. `keep` (the primary) stays a voter.
pub(crate) fn desired_voters(standings: &[Standing], keep: NodeId) -> BTreeSet<NodeId> {
    let wanted = voter_count(standings.len());
    let spare = standings.iter().filter(|other| !other.votes && other.caught_up).count();
    let gone = standings.iter().filter(|other| other.votes && other.long_gone).count();
    // A voter that is gone gives its vote up only to one that is there.
    let mut replaced = gone.min(spare);
    let mut stays = Vec::new();
    for standing in standings.iter().rev().filter(|standing| standing.votes) {
        if replaced > 0 && standing.long_gone {
            replaced -= 1;
        } else {
            stays.push(standing.node);
        }
    }
    // Too many: the last in promotion order lose their vote first.
    let surplus = stays.len().saturating_sub(wanted);
    let mut dropped = 0;
    stays.retain(|node| {
        let drop = dropped < surplus && *node != keep;
        dropped += usize::from(drop);
        !drop
    });
    let before = stays.len();
    let mut voters: BTreeSet<_> = stays.into_iter().collect();
    let fresh: Vec<_> =
        standings.iter().filter(|other| !other.votes && other.caught_up).map(|other| other.node).collect();
    for node in fresh {
        if voters.len() < wanted {
            voters.insert(node);
        }
    }
    // On the way from three to five, not by way of four: it waits until both are there.
    if voters.len() > before && voters.len() > 2 && voters.len() % 2 == 0 && before % 2 == 1 {
        let newest = standings.iter().rev().find(|other| !other.votes && voters.contains(&other.node));
        if let Some(newest) = newest {
            voters.remove(&newest.node);
        }
    }
    voters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(text: &str) -> Vec<Standing> {
        // A letter a member: V votes, v votes and is long gone, C has caught up, c has not.
        let one = |(index, letter): (usize, char)| Standing {
            node: NodeId(index as u64 + 1),
            votes: letter.eq_ignore_ascii_case(&'v'),
            caught_up: letter == 'C',
            long_gone: letter == 'v',
        };
        text.chars().enumerate().map(one).collect()
    }

    #[test]
    fn voters_follow_the_members() {
        for (members, expected) in [
            ("V", vec![1]),
            ("Vc", vec![1]),
            ("VC", vec![1, 2]),
            ("VVc", vec![1, 2]),
            ("VVC", vec![1, 2, 3]),
            ("VCC", vec![1, 2, 3]),
            ("VVVC", vec![1, 2, 3]),
            ("VVVCc", vec![1, 2, 3]),
            ("VVVCC", vec![1, 2, 3, 4, 5]),
            ("VVVVVCC", vec![1, 2, 3, 4, 5]),
            ("CCVVVVV", vec![3, 4, 5, 6, 7]),
            ("VVVV", vec![1, 2, 3]),
            ("CVVV", vec![2, 3, 4]),
            ("VvV", vec![1, 2, 3]),
            ("VvVC", vec![1, 3, 4]),
            ("VvVc", vec![1, 2, 3]),
            ("VvvC", vec![1, 2, 4]),
            ("VVVVVc", vec![1, 2, 3, 4, 5]),
        ] {
            let voters: Vec<_> = desired_voters(&standing(members), NodeId(1)).into_iter().map(|node| node.0).collect();
            assert_eq!(voters, expected, "{members}");
        }
    }

    #[test]
    fn the_primary_keeps_its_vote() {
        let voters = desired_voters(&standing("VVVV"), NodeId(4));
        assert_eq!(voters, [1, 2, 4].map(NodeId).into());
    }

    #[test]
    fn counts_are_odd_and_at_most_five() {
        let counts: Vec<_> = (0..9).map(voter_count).collect();
        assert_eq!(counts, [0, 1, 2, 3, 3, 5, 5, 5, 5]);
    }
}
