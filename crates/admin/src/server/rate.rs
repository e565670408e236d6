//! A token bucket: so many at once, so many per second after that.

use std::time::Instant;

use parking_lot::Mutex;

pub(crate) struct RateLimit {
    burst: f64,
    per_s: f64,
    bucket: Mutex<Bucket>,
}

struct Bucket {
    level: f64,
    filled_at: Instant,
}

impl RateLimit {
    pub(crate) fn new(burst: u32, per_s: u32) -> Self {
        let level = f64::from(burst);
        Self { burst: level, per_s: f64::from(per_s), bucket: Mutex::new(Bucket { level, filled_at: Instant::now() }) }
    }

    /// Whether one more may pass.
    pub(crate) fn admit(&self, now: Instant) -> bool {
        let mut bucket = self.bucket.lock();
        let elapsed_s = now.saturating_duration_since(bucket.filled_at).as_secs_f64();
        bucket.level = (bucket.level + elapsed_s * self.per_s).min(self.burst);
        bucket.filled_at = bucket.filled_at.max(now);
        let admitted = bucket.level >= 1.0;
        if admitted {
            bucket.level -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let limit = RateLimit::new(3, 2);
        let start = Instant::now();
        let admitted = |at: Duration, tries: usize| (0..tries).filter(|_| limit.admit(start + at)).count();
        assert_eq!(admitted(Duration::ZERO, 10), 3);
        assert_eq!(admitted(Duration::from_secs(1), 10), 2);
        assert_eq!(admitted(Duration::from_millis(1400), 10), 0);
        assert_eq!(admitted(Duration::from_secs(3600), 10), 3, "the bucket has a brim");
        assert_eq!(admitted(Duration::from_secs(1), 10), 0, "an older instant gives nothing");
    }
}
