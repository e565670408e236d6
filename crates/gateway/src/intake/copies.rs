//! On which nodes new contents are to be.

use flotilla_files::StoredBlob;
use flotilla_model::{BlobId, NodeId, State};

use crate::codes;
use crate::context::Context;
use crate::problem::Problem;
use crate::refusals::RETRY_AFTER_S;

pub(crate) struct Copies {
    /// How many, this node's own among them.
    pub(crate) replicas: usize,
    /// The other nodes that can take one.
    candidates: Vec<NodeId>,
}

impl Copies {
    /// Refuses when there are too few nodes.
    pub(crate) fn plan(state: &State, node: NodeId) -> Result<Self, Problem> {
        let candidates = candidates(state, node);
        // That of a node which is about to be removed does not count.
        let replicas = state.needed_replicas() + usize::from(!state.keeps_contents(node));
        if candidates.len() + 1 < replicas {
            let detail = format!("{replicas} nodes must hold the file, {} can", candidates.len() + 1);
            return Err(Problem::new(&codes::TOO_FEW_NODES, detail).retry_after_s(RETRY_AFTER_S));
        }
        Ok(Self { replicas, candidates })
    }

    /// The candidates, best first: copies are spread by the random part of the id.
    pub(crate) fn rotated(&self, blob: BlobId) -> Vec<NodeId> {
        let mut candidates = self.candidates.clone();
        let count = candidates.len().max(1) as u128;
        candidates.rotate_left((blob.0 % count) as usize);
        candidates
    }
}

/// The other nodes that can take a copy.
fn candidates(state: &State, node: NodeId) -> Vec<NodeId> {
    let takes_copies = |member: &&flotilla_model::Member| {
        member.is_full() && member.is_up() && member.id != node && state.keeps_contents(member.id)
    };
    state.members.values().filter(takes_copies).map(|member| member.id).collect()
}

/// Further copies on members that have none, as many as are needed now.
pub(super) async fn add(context: &Context, blob: BlobId, stored: &mut StoredBlob) {
    let state = context.log.state();
    for node in candidates(&state, context.node) {
        let copies = stored.nodes.iter().filter(|node| state.keeps_contents(**node)).count();
        if copies >= state.needed_replicas() {
            return;
        }
        if stored.nodes.contains(&node) {
            continue;
        }
        match context.files.send_copy(blob, node).await {
            Ok(()) => stored.nodes.push(node),
            Err(error) => tracing::debug!(%blob, %node, %error, "a further copy could not be made"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_spread() {
        let copies = Copies { replicas: 2, candidates: vec![NodeId(2), NodeId(3), NodeId(4)] };
        let first: std::collections::BTreeSet<_> = (0..9).map(|blob| copies.rotated(BlobId(blob))[0]).collect();
        assert_eq!(first.len(), 3);
        assert!(Copies { replicas: 1, candidates: Vec::new() }.rotated(BlobId(1)).is_empty());
    }
}
