//! Decides when a snapshot is due: after so many entries, or so many bytes of them, since the last one.

use std::sync::Arc;

use crate::config::Config;
use crate::state_machine::Published;
use crate::types::Raft;

/// Ends when Raft has stopped, or is cancelled by its owner.
pub(crate) async fn snapshot_when_due(raft: Raft, published: Arc<Published>, config: Config) {
    loop {
        published.applied.notified().await;
        let (entries, bytes) = published.log_since_snapshot();
        let is_due = entries >= config.snapshot_entries || bytes >= config.snapshot_bytes;
        if is_due && raft.trigger().snapshot().await.is_err() {
            return;
        }
    }
}
