//! How a node takes part in Raft.

use std::sync::Arc;
use std::time::Duration;

use flotilla_model::NodeId;
use openraft::SnapshotPolicy;

/// A follower that stands must not be refused for the sake of the lease.
const LEASE_MARGIN_MS: u64 = 20;

/// Times and sizes. The defaults fit nodes whose messages come back within 180 ms.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which node this is.
    pub node: NodeId,
    /// How often the primary says that it is there.
    pub heartbeat_interval_ms: u64,
    /// After so much silence the first in promotion order stands for election.
    pub election_timeout_min_ms: u64,
    /// After so much silence every voter does.
    pub election_timeout_max_ms: u64,
    /// Place in the promotion order at the start; 0 is the first.
    pub rank: u32,
    /// A proposal is given up after this.
    pub propose_timeout_ms: u64,
    /// Size of a file of the log.
    pub segment_bytes: u64,
    /// Recent log entries kept in memory.
    pub cache_bytes: usize,
    /// A snapshot is made after so many entries,
    pub snapshot_entries: u64,
    /// or after so many bytes of them,
    pub snapshot_bytes: u64,
    /// but while the log grows fast not before so long after the one before, unless it is four times as much.
    pub snapshot_pause: Duration,
    /// Entries kept behind the snapshot, for followers that are a little behind.
    pub kept_entries: u64,
    /// Size of the files with data of waiting events that is not in memory.
    pub payload_area_bytes: u64,
    /// Size of the pieces in which a snapshot is sent; at most 4 MiB.
    pub snapshot_piece_bytes: u64,
}

impl Config {
    /// The defaults for a node.
    pub fn new(node: NodeId) -> Self {
        Self {
            node,
            heartbeat_interval_ms: 100,
            election_timeout_min_ms: 500,
            election_timeout_max_ms: 800,
            rank: 0,
            propose_timeout_ms: 5000,
            segment_bytes: 16 << 20,
            cache_bytes: 16 << 20,
            snapshot_entries: 20_000,
            snapshot_bytes: 256 << 20,
            snapshot_pause: Duration::from_secs(10),
            kept_entries: 1000,
            payload_area_bytes: 64 << 20,
            snapshot_piece_bytes: 1 << 20,
        }
    }

    pub(crate) fn propose_timeout(&self) -> Duration {
        Duration::from_millis(self.propose_timeout_ms)
    }

    pub(crate) fn heartbeat_interval(&self) -> Duration {
        Duration::from_millis(self.heartbeat_interval_ms)
    }

    /// How long a follower honours a leader that it no longer hears, and a leader acts without hearing from a quorum: almost
    /// as long as the silence after which the first node stands. An answer extends it from when its heartbeat was sent, so
    /// that two round trips must fit into it.
    pub(crate) fn leader_lease_ms(&self) -> u64 {
        self.election_timeout_min_ms - LEASE_MARGIN_MS
    }

    pub(crate) fn raft(&self) -> Result<Arc<openraft::Config>, openraft::ConfigError> {
        let lease = self.leader_lease_ms();
        let config = openraft::Config {
            cluster_name: "flotilla".to_owned(),
            // How long an answer to a heartbeat is waited for; they are sent by `heartbeat`.
            heartbeat_interval: lease * 2 / 3,
            enable_heartbeat: false,
            election_timeout_max: lease,
            election_timeout_min: lease * 3 / 4,
            // Our own trigger counts bytes, too.
            snapshot_policy: SnapshotPolicy::Never,
            max_in_snapshot_log_to_keep: self.kept_entries,
            purge_batch_size: 64,
            // Times the largest batch: what one append may bring to the writer.
            max_append_entries: Some(64),
            max_payload_entries: 1024,
            // The sender of pieces has time limits of its own.
            install_snapshot_timeout: 24 * 3600 * 1000,
            api_channel_size: Some(1024),
            notification_channel_size: Some(1024),
            state_machine_channel_size: Some(256),
            broadcast_submitted_on_append: Some(true),
            enable_pre_vote: Some(true),
            // A restarted leader must be elected again: its commit position may be an older one.
            enable_leader_restore: Some(false),
            backoff: "20ms 50ms 100ms ...500ms".to_owned(),
            ..openraft::Config::default()
        };
        config.validate().map(Arc::new)
    }
}
