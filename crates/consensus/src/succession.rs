//! A primary that has a successor is not waited for: it may be frozen or cut off, and a call to it ends with its time only.

use flotilla_model::NodeId;
use openraft::async_runtime::WatchReceiver;

use crate::types::Raft;

/// Waits until another node than `former` leads, as far as this node knows.
pub(crate) async fn succeeded(raft: &Raft, former: NodeId) {
    let mut metrics = raft.server_metrics();
    loop {
        let leader = metrics.borrow_and_update().current_leader.map(NodeId);
        if leader.is_some_and(|leader| leader != former) {
            return;
        }
        if metrics.changed().await.is_err() {
            // Raft has stopped; whoever waits notices that elsewhere.
            std::future::pending::<()>().await;
        }
    }
}
