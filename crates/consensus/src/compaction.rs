//! Decides when a snapshot is due: after so many entries, or so many bytes of them, since the last one.
//!
//! A large state is written less often: a snapshot costs what the state is large, so it waits until as many bytes of log
//! have come. That doubles what is written at most, and what a restart reads.
//!
//! While the log grows fast, the processors have other things to do, and what fills a queue now may be worked off soon: the
//! snapshot waits for a while then, or until the log is several times as long.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Config;
use crate::state_machine::Published;
use crate::types::Raft;

/// However small they are, so many times the usual number of entries is replayed at most.
const ENTRIES_FACTOR_MAX: u64 = 10;
/// However fast it grows, a log of so many times the usual length is not waited with.
const HURRY_FACTOR: u64 = 4;

/// What was applied since the last snapshot, or since the start.
#[derive(Clone, Copy)]
struct Since {
    entries: u64,
    bytes: u64,
    time: Duration,
}

/// Ends when Raft has stopped, or is cancelled by its owner.
pub(crate) async fn snapshot_when_due(raft: Raft, published: Arc<Published>, config: Config) {
    let mut last = Instant::now();
    loop {
        published.applied.notified().await;
        let (entries, bytes) = published.log_since_snapshot();
        if is_due(Since { entries, bytes, time: last.elapsed() }, published.snapshot_bytes(), &config) {
            last = Instant::now();
            if raft.trigger().snapshot().await.is_err() {
                return;
            }
        }
    }
}

fn is_due(since: Since, snapshot_bytes: u64, config: &Config) -> bool {
    let has_paid = since.bytes >= snapshot_bytes || since.entries >= config.snapshot_entries * ENTRIES_FACTOR_MAX;
    let is_long =
        |factor| since.entries >= config.snapshot_entries * factor || since.bytes >= config.snapshot_bytes * factor;
    has_paid && is_long(1) && (since.time >= config.snapshot_pause || is_long(HURRY_FACTOR))
}

#[cfg(test)]
mod tests {
    use flotilla_model::NodeId;

    use super::*;

    #[test]
    fn large_states_are_written_less_often() {
        let config = Config::new(NodeId(1));
        let (entries, bytes, time) = (config.snapshot_entries, config.snapshot_bytes, config.snapshot_pause);
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
            let due = is_due(Since { entries: since.0, bytes: since.1, time }, snapshot_bytes, &config);
            assert_eq!(due, expected, "{since:?} {snapshot_bytes}");
        }
    }

    #[test]
    fn a_log_that_grows_fast_is_left_to_grow_for_a_while() {
        let config = Config::new(NodeId(1));
        let (entries, bytes, pause) = (config.snapshot_entries, config.snapshot_bytes, config.snapshot_pause);
        for (since, time, expected) in [
            ((0, bytes), pause / 2, false),
            ((entries, 0), pause / 2, false),
            ((0, bytes), pause, true),
            ((entries, 0), pause, true),
            ((0, bytes * HURRY_FACTOR), pause / 2, true),
            ((entries * HURRY_FACTOR, 0), pause / 2, true),
            ((0, bytes - 1), pause * 100, false),
        ] {
            let due = is_due(Since { entries: since.0, bytes: since.1, time }, 0, &config);
            assert_eq!(due, expected, "{since:?} {time:?}");
        }
    }
}
