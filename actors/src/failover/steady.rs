//! A wish that counts once it has stood for a while. Pure.

use flotilla_model::NodeId;

/// Since when the same node is wished for.
#[derive(Debug, Default)]
pub(super) struct Steady(Option<(NodeId, u64)>);

impl Steady {
    /// The node, once it has been the same one at each look for `after_ms`.
    pub(super) fn look(&mut self, node: Option<NodeId>, after_ms: u64, now_ms: u64) -> Option<NodeId> {
        let since_ms = match (node, self.0) {
            (Some(node), Some((same, since_ms))) if node == same => since_ms,
            _ => now_ms,
        };
        self.0 = node.map(|node| (node, since_ms));
        node.filter(|_| now_ms.saturating_sub(since_ms) >= after_ms)
    }

    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}
