//! Figures of the gateway, as plain counters that the node publishes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Names of the methods that are counted apart.
pub const METHODS: [&str; 11] =
    ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND", "MKCOL", "MOVE", "POST", "PATCH", "other"];
/// Upper bounds of the latency buckets in milliseconds; one more bucket is for all beyond.
pub const LATENCY_BOUNDS_MS: [u64; 14] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 60_000];

#[derive(Debug, Default)]
pub struct Metrics {
    /// By method (as in [`METHODS`]) and class of status (0: 1xx to 4: 5xx).
    pub requests: [[AtomicU64; 5]; METHODS.len()],
    /// From the head of the request to the last byte of the answer, by method. Streams of events are not in it.
    pub latency: [Histogram; METHODS.len()],
    /// Bytes of bodies.
    pub bytes_in: AtomicU64,
    pub bytes_out: AtomicU64,
    pub uploads_in_flight: AtomicU64,
    pub requests_in_flight: AtomicU64,
    pub connections_open: AtomicU64,
    pub connections_accepted: AtomicU64,
    /// Closed at once because there were too many.
    pub connections_refused: AtomicU64,
    pub handshakes_failed: AtomicU64,
    /// Requests with a wrong name or password.
    pub logins_failed: AtomicU64,
    /// Requests refused because of too many of those.
    pub logins_limited: AtomicU64,
    /// Uploads refused because too many ran.
    pub uploads_shed: AtomicU64,
    /// Parts of resumable uploads that were stored.
    pub upload_parts: AtomicU64,
    /// Of those, parts that broke off and of which was kept what had come.
    pub upload_parts_interrupted: AtomicU64,
    /// Resumable uploads that have become a file.
    pub uploads_resumable: AtomicU64,
    /// Commands proposed again because their outcome was not known.
    pub commits_repeated: AtomicU64,
    /// Uploads and batches of events that had to wait because the queue was nearly full.
    pub slowed: AtomicU64,
    /// Applications' events, by what became of them.
    pub events_published: AtomicU64,
    /// Published before under their idempotency key.
    pub events_repeated: AtomicU64,
    pub events_refused: AtomicU64,
    /// Events told to followers, each time.
    pub events_followed: AtomicU64,
    /// Streams on which events are published, open now.
    pub event_streams: AtomicU64,
    /// Streams on which events are followed, open now.
    pub followers: AtomicU64,
}

/// Counts by [`LATENCY_BOUNDS_MS`].
#[derive(Debug, Default)]
pub struct Histogram {
    /// Not cumulative.
    pub buckets: [AtomicU64; LATENCY_BOUNDS_MS.len() + 1],
    pub sum_us: AtomicU64,
}

impl Histogram {
    fn record(&self, took: Duration) {
        let bucket = LATENCY_BOUNDS_MS.partition_point(|bound| u128::from(*bound) * 1000 < took.as_micros());
        add(&self.buckets[bucket], 1);
        add(&self.sum_us, took.as_micros() as u64);
    }
}

impl Metrics {
    pub(crate) fn request(&self, method: &str, status: u16, took: Option<Duration>) {
        let method = METHODS.iter().position(|name| *name == method).unwrap_or(METHODS.len() - 1);
        let class = usize::from((status / 100).clamp(1, 5) - 1);
        add(&self.requests[method][class], 1);
        if let Some(took) = took {
            self.latency[method].record(took);
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

/// Adds one for as long as it lives.
pub(crate) struct Gauge<'a>(&'a AtomicU64);

impl<'a> Gauge<'a> {
    /// Enters unless `limit` are in already.
    pub(crate) fn enter_below(gauge: &'a AtomicU64, limit: u64) -> Option<Self> {
        let entered = Self(gauge);
        let before = gauge.fetch_add(1, Ordering::AcqRel);
        (before < limit).then_some(entered)
    }
}

impl Drop for Gauge<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Adds one for as long as it lives, wherever it goes.
pub(crate) struct OwnedGauge {
    metrics: Arc<Metrics>,
    gauge: fn(&Metrics) -> &AtomicU64,
}

impl OwnedGauge {
    pub(crate) fn enter(metrics: &Arc<Metrics>, gauge: fn(&Metrics) -> &AtomicU64) -> Self {
        add(gauge(metrics), 1);
        Self { metrics: Arc::clone(metrics), gauge }
    }
}

impl Drop for OwnedGauge {
    fn drop(&mut self) {
        (self.gauge)(&self.metrics).fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_fall_into_their_buckets() {
        let histogram = Histogram::default();
        for took_ms in [0, 1, 2, 3, 60_000, 60_001] {
            histogram.record(Duration::from_millis(took_ms));
        }
        let counts: Vec<u64> = histogram.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        assert_eq!(counts, [2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        histogram.record(Duration::from_micros(1001));
        assert_eq!(histogram.buckets[1].load(Ordering::Relaxed), 2, "more than 1 ms is not within 1 ms");
    }

    #[test]
    fn a_gauge_refuses_at_its_limit_and_comes_back_to_zero() {
        let value = AtomicU64::new(0);
        let first = Gauge::enter_below(&value, 1).unwrap();
        assert!(Gauge::enter_below(&value, 1).is_none());
        assert_eq!(value.load(Ordering::Relaxed), 1);
        drop(first);
        assert_eq!(value.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn unknown_methods_and_classes_are_counted() {
        let metrics = Metrics::default();
        metrics.request("BREW", 418, Some(Duration::ZERO));
        assert_eq!(metrics.requests[10][3].load(Ordering::Relaxed), 1);
    }
}
