//! Counters of one link, kept across reconnections, written without locks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

#[derive(Debug)]
pub(crate) struct Stats {
    /// The origin of its times. One for each, not one for the process: runtimes with a paused clock, of which a test may
    /// run several, have no time in common.
    start: Instant,
    sent_bytes: AtomicU64,
    received_bytes: AtomicU64,
    round_trip_us: AtomicU64,
    last_heard_us: AtomicU64,
}

/// Milliseconds since the Unix epoch, for what people read.
pub(crate) fn wall_clock_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            sent_bytes: AtomicU64::new(0),
            received_bytes: AtomicU64::new(0),
            round_trip_us: AtomicU64::new(0),
            last_heard_us: AtomicU64::new(0),
        }
    }
}

impl Stats {
    /// Microseconds on the runtime's monotonic clock, from an arbitrary start.
    pub(crate) fn monotonic_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.sent_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.received_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.heard();
    }

    pub(crate) fn heard(&self) {
        self.last_heard_us.store(self.monotonic_us(), Ordering::Relaxed);
    }

    pub(crate) fn measured(&self, round_trip_us: u64) {
        self.round_trip_us.store(round_trip_us.max(1), Ordering::Relaxed);
    }

    pub(crate) fn silent_for_us(&self) -> u64 {
        self.monotonic_us().saturating_sub(self.last_heard_us.load(Ordering::Relaxed))
    }

    pub(crate) fn sent_bytes(&self) -> u64 {
        self.sent_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn received_bytes(&self) -> u64 {
        self.received_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn round_trip_us(&self) -> Option<u64> {
        Some(self.round_trip_us.load(Ordering::Relaxed)).filter(|measured| *measured > 0)
    }
}
