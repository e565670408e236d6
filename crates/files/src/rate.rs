//! A bound on the bytes per second of background work.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

/// Work that was idle may begin at once, but saves up no more than this.
const BURST: Duration = Duration::from_millis(100);

pub struct RateLimiter {
    bytes_per_second: AtomicU64,
    /// When the bytes granted so far will have been spent.
    spent_at: Mutex<Option<Instant>>,
}

impl RateLimiter {
    pub fn new(bytes_per_second: u64) -> Self {
        Self { bytes_per_second: AtomicU64::new(bytes_per_second), spent_at: Mutex::new(None) }
    }

    /// Holds from the next grant on. Zero stands for one byte per second: work that must stop is not begun.
    pub fn set_rate(&self, bytes_per_second: u64) {
        self.bytes_per_second.store(bytes_per_second, Ordering::Relaxed);
    }

    /// Returns when `bytes` may be moved. Callers share the rate in the order in which they ask.
    pub async fn acquire(&self, bytes: u64) {
        let rate = self.bytes_per_second.load(Ordering::Relaxed).max(1);
        let cost = Duration::from_secs_f64(bytes as f64 / rate as f64);
        let start = {
            let mut spent_at = self.spent_at.lock();
            let now = Instant::now();
            let earliest = now.checked_sub(BURST).unwrap_or(now);
            let start = spent_at.map_or(earliest, |spent_at| spent_at.max(earliest));
            *spent_at = Some(start + cost);
            start
        };
        sleep_until(start).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_rate_holds_over_time() {
        let limiter = RateLimiter::new(1_000_000);
        let begin = Instant::now();
        for _ in 0..50 {
            limiter.acquire(100_000).await;
        }
        let took = begin.elapsed();
        assert!(took >= Duration::from_millis(4_700) && took <= Duration::from_millis(5_000), "{took:?}");
        limiter.set_rate(10_000_000);
        let begin = Instant::now();
        for _ in 0..50 {
            limiter.acquire(100_000).await;
        }
        assert!(begin.elapsed() <= Duration::from_millis(700), "{:?}", begin.elapsed());
    }
}
