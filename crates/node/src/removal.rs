//! A node that was taken out of the cluster: it ends, and does not come back by itself.
//!
//! It learns of its removal from the log, if that still reaches it. It may not: the others let it in no longer from the
//! moment on at which they know. So it is told before, and what the others' refusals mean is clear then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flotilla_consensus::Consensus;
use flotilla_mesh::{Mesh, PeerReachability};
use flotilla_model::NodeId;

use crate::clock::now_ms;

/// For so long refusals are taken for the removal that was told of.
const EXPECTED_FOR_MS: u64 = 60_000;
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Refused by all for so long, a node that was told of no removal says what may have happened.
const WARN_AFTER: Duration = Duration::from_secs(10);

/// Watches for the removal of this node.
pub(crate) struct Removal {
    pub(crate) node: NodeId,
    pub(crate) consensus: Consensus,
    pub(crate) mesh: Mesh,
    expected_until_ms: AtomicU64,
}

impl Removal {
    pub(crate) fn new(node: NodeId, consensus: Consensus, mesh: Mesh) -> Self {
        Self { node, consensus, mesh, expected_until_ms: AtomicU64::new(0) }
    }

    /// The node is about to be removed, or is not after all.
    pub(crate) fn expect(&self, is_expected: bool) {
        let until_ms = if is_expected { now_ms() + EXPECTED_FOR_MS } else { 0 };
        self.expected_until_ms.store(until_ms, Ordering::Relaxed);
    }

    fn is_former_member(&self) -> bool {
        self.consensus.view().state.former_members().any(|node| node == self.node)
    }

    /// Nobody lets this node in.
    fn is_refused(&self) -> bool {
        let links = self.mesh.watch_links();
        let links = links.borrow();
        !links.is_empty() && links.values().all(|level| matches!(level, PeerReachability::Rejected { .. }))
    }

    /// Waits until the node is a member no more.
    pub(crate) async fn happened(&self) {
        let mut looked = tokio::time::interval(LOOK_EVERY);
        let mut refused_rounds = 0_u32;
        loop {
            looked.tick().await;
            let is_refused = self.is_refused();
            let is_expected = now_ms() < self.expected_until_ms.load(Ordering::Relaxed);
            if self.is_former_member() || (is_refused && is_expected) {
                return;
            }
            refused_rounds = if is_refused { refused_rounds + 1 } else { 0 };
            if LOOK_EVERY * refused_rounds == WARN_AFTER {
                tracing::error!(
                    "every other node refuses this one: if it was removed from the cluster, it has to join anew with an \
                     empty folder; else compare secret and CAs ('flotilla doctor')"
                );
            }
        }
    }
}
