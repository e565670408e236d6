//! Counters of one link, kept across reconnections, written without locks.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

#[derive(Debug, Default)]
pub(crate) struct Stats {
    sent_bytes: AtomicU64,
    received_bytes: AtomicU64,
    round_trip_us: AtomicU64,
    last_heard_us: AtomicU64,
}

/// Microseconds on the runtime's monotonic clock, from an arbitrary start.
pub(crate) fn monotonic_us() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Milliseconds since the Unix epoch, for what people read.
pub(crate) fn wall_clock_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Stats {
    pub(crate) fn sent(&self, bytes: usize) {
        self.sent_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.received_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.heard();
    }

    pub(crate) fn heard(&self) {
        self.last_heard_us.store(monotonic_us(), Ordering::Relaxed);
    }

    pub(crate) fn measured(&self, round_trip_us: u64) {
        self.round_trip_us.store(round_trip_us.max(1), Ordering::Relaxed);
    }

    pub(crate) fn silent_for_us(&self) -> u64 {
        monotonic_us().saturating_sub(self.last_heard_us.load(Ordering::Relaxed))
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
