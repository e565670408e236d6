//! Figures of the blob store and of replication, for metrics and status pages.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        #[derive(Debug, Default)]
        pub struct Counters { $($(#[$doc])* pub $name: AtomicU64),* }

        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct CountersSnapshot { $($(#[$doc])* pub $name: u64),* }

        impl Counters {
            pub fn snapshot(&self) -> CountersSnapshot {
                CountersSnapshot { $($name: self.$name.load(Ordering::Relaxed)),* }
            }
        }
    };
}

counters! {
    /// Blobs that became durable here.
    blobs_written,
    bytes_written,
    /// Small blobs appended to segments, and the syncs that this took.
    segment_appends,
    segment_syncs,
    /// Large blobs finished, and the syncs of their directory.
    large_finishes,
    directory_syncs,
    bytes_read,
    blobs_deleted,
    writes_failed,
    /// Blobs whose contents did not match their checksum.
    corrupt_found,
    /// Copies that a node failed to take, and copies sent again to another node.
    replica_failures,
    replica_replays,
    /// Downloads that went on from another holder.
    read_failovers,
    repaired_blobs,
    repaired_bytes,
    segments_compacted,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }
}
