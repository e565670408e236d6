//! Token buckets by key that failures are charged to afterwards: whether one will fail is not known before, so a bucket may go into
//! debt by those that were under way together, and pays it off at its rate.
//!
//! The keys come from outside and there is no end to them, so there is a fixed number of buckets and a key falls into one by its hash
//! under a key of the process. Two that share one wait for each other; who wants that on purpose would have to know the key. To
//! fill all buckets takes more failures than passwords can be checked.

use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

use parking_lot::Mutex;

const BUCKETS: usize = 4096;

#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) burst: f64,
    pub(super) per_s: f64,
}

pub(super) struct Debts {
    rate: Rate,
    hasher: RandomState,
    /// What is owed, and since when it is being paid off; grown by `None` is nothing.
    buckets: Mutex<Vec<Option<(f64, Instant)>>>,
}

impl Debts {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, hasher: RandomState::new(), buckets: Mutex::new(vec![None; BUCKETS]) }
    }

    pub(super) fn has_room(&self, key: &str, now: Instant) -> bool {
        let buckets = self.buckets.lock();
        self.owed(buckets[self.position(key)], now) < self.rate.burst
    }

    pub(super) fn charge(&self, key: &str, now: Instant) {
        let position = self.position(key);
        let mut buckets = self.buckets.lock();
        let owed = self.owed(buckets[position], now);
        buckets[position] = Some((owed + 1.0, now));
    }

    fn owed(&self, bucket: Option<(f64, Instant)>, now: Instant) -> f64 {
        let Some((owed, since)) = bucket else { return 0.0 };
        let paid = now.saturating_duration_since(since).as_secs_f64() * self.rate.per_s;
        (owed - paid).max(0.0)
    }

    fn position(&self, key: &str) -> usize {
        (self.hasher.hash_one(key) % BUCKETS as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let debts = Debts::new(Rate { burst: 3.0, per_s: 0.5 });
        let start = Instant::now();
        let passed = |after: Duration| {
            let now = start + after;
            (0..10).filter(|_| debts.has_room("a", now)).inspect(|_| debts.charge("a", now)).count()
        };
        assert_eq!(passed(Duration::ZERO), 3);
        assert_eq!(passed(Duration::from_secs(2)), 1);
        assert_eq!(passed(Duration::from_secs(3)), 1, "half of one is owed less than the burst");
        assert_eq!(passed(Duration::from_secs(3600)), 3, "no more is saved up than a burst");
    }

    #[test]
    fn what_was_under_way_together_is_paid_off() {
        let debts = Debts::new(Rate { burst: 3.0, per_s: 1.0 });
        let start = Instant::now();
        (0..13).for_each(|_| debts.charge("a", start));
        assert!(!debts.has_room("a", start + Duration::from_secs(10)));
        assert!(debts.has_room("a", start + Duration::from_secs(11)));
    }

    #[test]
    fn others_are_not_held_up() {
        let debts = Debts::new(Rate { burst: 1.0, per_s: 0.1 });
        let now = Instant::now();
        debts.charge("a", now);
        let free = (0..100).filter(|number: &u32| debts.has_room(&number.to_string(), now)).count();
        assert!(free >= 99, "{free}");
    }
}
