//! Decides when a snapshot is due: after so many entries, or so many bytes of them, since the last one.
//!
//! A large state is written less often: a snapshot costs what the state is large, so it waits until as many bytes of log
//! have come. That doubles what is written at most, and what a restart reads.

use std::sync::Arc;

use crate::config::Config;
use crate::state_machine::Published;
use crate::types::Raft;

/// However small they are, so many times the usual number of entries is replayed at most.
const ENTRIES_FACTOR_MAX: u64 = 10;

/// Ends when Raft has stopped, or is cancelled by its owner.
pub(crate) async fn snapshot_when_due(raft: Raft, published: Arc<Published>, config: Config) {
    loop {
        published.applied.notified().await;
        if is_due(published.log_since_snapshot(), published.snapshot_bytes(), &config)
            && raft.trigger().snapshot().await.is_err()
        {
            return;
        }
    }
}

fn is_due((entries, bytes): (u64, u64), snapshot_bytes: u64, config: &Config) -> bool {
    let has_paid = bytes >= snapshot_bytes || entries >= config.snapshot_entries * ENTRIES_FACTOR_MAX;
    has_paid && (entries >= config.snapshot_entries || bytes >= config.snapshot_bytes)
}

#[cfg(test)]
mod tests {
    use flotilla_model::NodeId;

    use super::*;

    #[test]
    fn large_states_are_written_less_often() {
        let config = Config::new(NodeId(1));
        let (entries, bytes) = (config.snapshot_entries, config.snapshot_bytes);
        for (since, snapshot_bytes, expected) in [
            ((0, 0), 0, false),
            ((entries, 0), 0, true),
            ((0, bytes), 0, true),
            ((entries - 1, bytes - 1), 0, false),
            ((0, bytes), bytes * 10, false),
            ((0, bytes * 10), bytes * 10, true),
            ((entries, 1000), 2000, false),
            ((entries * 10, 1000), 2000, true),
        ] {
            assert_eq!(is_due(since, snapshot_bytes, &config), expected, "{since:?} {snapshot_bytes}");
        }
    }
}
