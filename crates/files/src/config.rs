//! The numbers of this crate, each with its reason.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::{DiskGate, OpenGate};

/// Where and how one node keeps its blobs.
#[derive(Clone)]
pub struct BlobStoreConfig {
    pub directory: PathBuf,
    /// Blobs up to this size share segments: one sync for many. Beyond it the bytes dominate the sync.
    pub small_limit_bytes: u64,
    /// A segment is sealed at this size. Small enough to be rewritten when half of it is dead, large enough that a million
    /// blobs of 64 KiB are 500 files.
    pub segment_bytes: u64,
    /// Threads that append to segments, each to its own: while one waits for its sync, another fills.
    pub appenders: usize,
    /// Small blobs waiting for an appender; further writers wait (the source is slowed down).
    pub appender_queue: usize,
    /// New blobs are refused below this, so that log and state can still be written.
    pub reserve_bytes: u64,
    /// Writes bypass the page cache: a buffered write to a new file costs twice the processor time and is half as fast.
    pub direct_io: bool,
    /// Reads of blobs from this size on bypass it too: they would push everything else out. Smaller ones are likely read again.
    pub direct_read_bytes: u64,
    /// Idle buffers kept for reuse; memory touched for the first time costs as much as the write itself.
    pub idle_buffer_bytes: usize,
    /// Injects disk failures in tests.
    pub gate: Arc<dyn DiskGate>,
}

impl BlobStoreConfig {
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            small_limit_bytes: 256 << 10,
            segment_bytes: 128 << 20,
            appenders: 2,
            appender_queue: 256,
            reserve_bytes: 64 << 20,
            direct_io: true,
            direct_read_bytes: 8 << 20,
            idle_buffer_bytes: 32 << 20,
            gate: Arc::new(OpenGate),
        }
    }
}

/// How copies move between nodes.
#[derive(Clone, Debug)]
pub struct FilesConfig {
    /// A replica that takes no bytes for so long is given up and another candidate is used.
    pub replica_stall_timeout: Duration,
    /// A replica that has all bytes must confirm its sync within this time.
    pub replica_finish_timeout: Duration,
    /// When it has not confirmed after this time, a spare node gets a copy, too; the first to confirm counts.
    pub replica_patience: Duration,
    /// Chunks queued for one replica. Two keep the link busy; more would only be memory.
    pub replica_queue_chunks: usize,
    /// Bytes per second of repair and scrub together on this node.
    pub background_bytes_per_second: u64,
}

impl Default for FilesConfig {
    fn default() -> Self {
        Self {
            replica_stall_timeout: Duration::from_secs(5),
            replica_finish_timeout: Duration::from_secs(15),
            replica_patience: Duration::from_millis(750),
            replica_queue_chunks: 2,
            background_bytes_per_second: 64 << 20,
        }
    }
}
