//! Time comes through a port, so that cores and simulation choose it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// One moment, on both clocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since the Unix epoch, for what goes into the log.
    pub unix_ms: u64,
    /// Milliseconds that never go back, for delays.
    pub monotonic_ms: u64,
}

/// A node's clocks.
pub trait Clock: Send + Sync + 'static {
    /// This moment.
    fn now(&self) -> Now {
        Now { unix_ms: self.unix_ms(), monotonic_ms: self.monotonic_ms() }
    }

    /// Milliseconds since the Unix epoch; may jump.
    fn unix_ms(&self) -> u64;
    /// Milliseconds since some moment of this process; never goes back.
    fn monotonic_ms(&self) -> u64;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn unix_ms(&self) -> u64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
