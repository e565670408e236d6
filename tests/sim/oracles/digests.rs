//! The state is the same on all nodes at the same index, for ever: a committed entry that were lost, or replaced by another
//! one, would show here as well, since what was once seen at an index is kept for the whole run.

use std::collections::BTreeMap;

use flotilla_consensus::View;
use flotilla_model::NodeId;
use parking_lot::Mutex;

#[derive(Default)]
pub(crate) struct Digests {
    /// Term and digest by index, and who showed it first.
    seen: Mutex<BTreeMap<u64, (u64, u64, NodeId)>>,
}

impl Digests {
    pub(crate) fn view(&self, node: NodeId, view: &View) -> Result<(), String> {
        let mut seen = self.seen.lock();
        let (term, digest, first) = *seen.entry(view.index).or_insert((view.term, view.digest, node));
        if (term, digest) == (view.term, view.digest) {
            return Ok(());
        }
        Err(format!(
            "at index {} node {first} has term {term}, digest {digest:016x}, and node {node} has term {}, digest {:016x}",
            view.index, view.term, view.digest
        ))
    }

    /// How many different indices were seen.
    pub(crate) fn count(&self) -> usize {
        self.seen.lock().len()
    }

    /// The highest index that any node has ever applied.
    pub(crate) fn highest_index(&self) -> u64 {
        self.seen.lock().keys().next_back().copied().unwrap_or(0)
    }
}
