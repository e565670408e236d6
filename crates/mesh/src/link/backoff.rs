//! How long to wait before dialling again. Pure but for its seed.

use std::time::Duration;

/// A connection that lasted so long counts as having worked.
const STABLE_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Backoff {
    minimum: Duration,
    maximum: Duration,
    failures: u32,
    random: u64,
}

impl Backoff {
    pub(crate) fn new(minimum: Duration, maximum: Duration, seed: u64) -> Self {
        Self { minimum, maximum, failures: 0, random: seed | 1 }
    }

    /// The pause after a connection ended: none if it had worked, since a redial that is refused at once is the
    /// evidence that failover acts on.
    pub(crate) fn after_connection(&mut self, lasted: Duration) -> Duration {
        if lasted >= STABLE_AFTER {
            self.failures = 0;
            return Duration::ZERO;
        }
        self.after_failure()
    }

    /// The pause after a failed attempt: doubles up to the maximum; between half and all of it, so that the nodes of
    /// a cluster do not dial in step.
    pub(crate) fn after_failure(&mut self) -> Duration {
        let doubled = self.minimum.saturating_mul(1 << self.failures.min(16)).min(self.maximum);
        self.failures = self.failures.saturating_add(1);
        // xorshift64: spreads, nothing more is needed.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let fraction = (self.random % 1024) as f64 / 1024.0;
        doubled.mul_f64(0.5 + fraction / 2.0)
    }

    /// Another lane has just reached the peer.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_maximum_and_a_working_connection_resets_them() {
        let ms = Duration::from_millis;
        let mut backoff = Backoff::new(ms(10), ms(1000), 42);
        let mut longest = ms(10);
        for _ in 0..40 {
            let pause = backoff.after_failure();
            assert!(pause >= longest / 2 && pause <= longest, "{pause:?} of {longest:?}");
            longest = (longest * 2).min(ms(1000));
        }
        assert_eq!(backoff.after_connection(ms(1500)), Duration::ZERO);
        assert!(backoff.after_failure() <= ms(10));
        assert!(backoff.after_connection(ms(3)) > Duration::ZERO, "a flapping peer is not dialled in a tight loop");
    }
}
