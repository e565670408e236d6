//! Compares digests of the state at equal log indexes. Pure.

use std::collections::BTreeMap;

use flotilla_model::NodeId;

use super::status::Drift;
use crate::ports::Checkpoint;

/// Checkpoints kept of each node. They come seldom; a node that is further behind than this is compared later.
const CHECKPOINTS_MAX: usize = 64;

/// Checkpoints of this node and of the others.
#[derive(Debug, Default)]
pub struct DriftDetector {
    own: BTreeMap<u64, u64>,
    others: BTreeMap<NodeId, BTreeMap<u64, u64>>,
    drifts: BTreeMap<NodeId, Drift>,
    compared: BTreeMap<NodeId, u64>,
}

impl DriftDetector {
    /// This node has reached a checkpoint. Returns nodes newly found to differ.
    pub fn on_own(&mut self, checkpoint: Checkpoint) -> Vec<Drift> {
        if self.own.contains_key(&checkpoint.index) {
            return Vec::new();
        }
        keep(&mut self.own, checkpoint);
        let at = |(node, theirs): (&NodeId, &BTreeMap<u64, u64>)| Some((*node, *theirs.get(&checkpoint.index)?));
        let same_index: Vec<_> = self.others.iter().filter_map(at).collect();
        same_index.into_iter().filter_map(|(node, digest)| self.compare(node, checkpoint.index, digest)).collect()
    }

    /// Another node has told of a checkpoint. Returns it if it newly differs.
    pub fn on_other(&mut self, node: NodeId, checkpoint: Checkpoint) -> Option<Drift> {
        let theirs = self.others.entry(node).or_default();
        if theirs.get(&checkpoint.index) == Some(&checkpoint.digest) {
            return None;
        }
        keep(theirs, checkpoint);
        self.compare(node, checkpoint.index, checkpoint.digest)
    }

    /// Only members count.
    pub fn retain(&mut self, is_member: impl Fn(NodeId) -> bool) {
        self.others.retain(|node, _| is_member(*node));
        self.drifts.retain(|node, _| is_member(*node));
        self.compared.retain(|node, _| is_member(*node));
    }

    fn compare(&mut self, node: NodeId, index: u64, its_digest: u64) -> Option<Drift> {
        let own_digest = *self.own.get(&index)?;
        if own_digest == its_digest {
            let compared = self.compared.entry(node).or_default();
            *compared = (*compared).max(index);
            // A node that was mended is equal again at a later index.
            if self.drifts.get(&node).is_some_and(|drift| drift.index < index) {
                self.drifts.remove(&node);
            }
            return None;
        }
        let drift = Drift { node, index, own_digest, its_digest };
        let is_new = self.drifts.insert(node, drift.clone()).is_none();
        is_new.then_some(drift)
    }

    /// Nodes that differ now.
    pub fn drifts(&self) -> Vec<Drift> {
        self.drifts.values().cloned().collect()
    }

    /// Up to where each node was found equal.
    pub fn compared(&self) -> BTreeMap<NodeId, u64> {
        self.compared.clone()
    }
}

fn keep(checkpoints: &mut BTreeMap<u64, u64>, checkpoint: Checkpoint) {
    checkpoints.insert(checkpoint.index, checkpoint.digest);
    while checkpoints.len() > CHECKPOINTS_MAX {
        checkpoints.pop_first();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(index: u64, digest: u64) -> Checkpoint {
        Checkpoint { index, digest }
    }

    #[test]
    fn equal_indexes_are_compared_whoever_gets_there_first() {
        let mut detector = DriftDetector::default();
        assert_eq!(detector.on_other(NodeId(2), checkpoint(100, 7)), None, "not there ourselves");
        assert_eq!(detector.on_own(checkpoint(100, 7)), []);
        assert_eq!(detector.compared(), BTreeMap::from([(NodeId(2), 100)]));
        assert_eq!(detector.on_own(checkpoint(200, 8)), []);
        let drift = Drift { node: NodeId(3), index: 200, own_digest: 8, its_digest: 9 };
        assert_eq!(detector.on_other(NodeId(3), checkpoint(200, 9)), Some(drift.clone()));
        assert_eq!(detector.on_other(NodeId(3), checkpoint(200, 9)), None, "told once");
        assert_eq!(detector.drifts(), [drift]);
        detector.on_own(checkpoint(300, 1));
        detector.on_other(NodeId(3), checkpoint(300, 1));
        assert_eq!(detector.drifts(), [], "mended");
    }

    #[test]
    fn what_is_kept_is_bounded_and_former_members_go() {
        let mut detector = DriftDetector::default();
        for index in 0..1_000 {
            detector.on_other(NodeId(2), checkpoint(index, index));
        }
        assert_eq!(detector.others[&NodeId(2)].len(), CHECKPOINTS_MAX);
        assert_eq!(detector.on_own(checkpoint(999, 0)).len(), 1);
        detector.retain(|_| false);
        assert_eq!(detector.drifts(), []);
        assert!(detector.others.is_empty());
    }
}
