//! Wrong passwords by account and address: after some of them no password is checked for a while, not even the right one.
//!
//! A leaky bucket each, in a table of two generations: when the young one is full, the old one is forgotten, so memory is
//! bounded whatever names and addresses a guesser makes up. He gains nothing by filling it: each entry costs him a check of
//! a password. Node-local on purpose: it limits the rate of guesses, it is no lock-out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Some 100 bytes each.
const GENERATION_ENTRIES_MAX: usize = 8192;

pub(crate) struct Attempts {
    burst: f64,
    recover: Duration,
    young: HashMap<Key, Bucket>,
    old: HashMap<Key, Bucket>,
}

/// `None` stands for all names that cannot be accounts'.
type Key = (Option<String>, IpAddr);

#[derive(Clone, Copy)]
struct Bucket {
    level: f64,
    at: Instant,
}

impl Attempts {
    pub(crate) fn new(burst: u32, recover: Duration) -> Self {
        Self { burst: f64::from(burst.max(1)), recover, young: HashMap::new(), old: HashMap::new() }
    }

    /// Whether a password may be checked now; else how long not.
    pub(crate) fn check(&self, account: Option<&str>, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let key = key(account, address);
        let Some(bucket) = self.young.get(&key).or_else(|| self.old.get(&key)) else { return Ok(()) };
        let surplus = self.level(*bucket, now) - (self.burst - 1.0);
        // A fraction of a failure that is left over by the clock is no failure.
        if surplus <= 1e-6 { Ok(()) } else { Err(self.recover.mul_f64(surplus)) }
    }

    pub(crate) fn failed(&mut self, account: Option<&str>, address: IpAddr, now: Instant) {
        let key = key(account, address);
        let bucket = self.young.get(&key).or_else(|| self.old.get(&key)).copied();
        let level = bucket.map_or(0.0, |bucket| self.level(bucket, now));
        if self.young.len() >= GENERATION_ENTRIES_MAX && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, Bucket { level: (level + 1.0).min(self.burst), at: now });
    }

    fn level(&self, bucket: Bucket, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(bucket.at);
        (bucket.level - passed.as_secs_f64() / self.recover.as_secs_f64().max(1e-3)).max(0.0)
    }
}

/// An IPv6 client owns a whole /64.
fn key(account: Option<&str>, address: IpAddr) -> Key {
    let address = match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    };
    (account.map(str::to_owned), address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn after_a_burst_one_attempt_each_period() {
        let mut attempts = Attempts::new(3, Duration::from_secs(6));
        let (here, start) = (address("192.0.2.1"), Instant::now());
        for _ in 0..3 {
            assert_eq!(attempts.check(Some("ann"), here, start), Ok(()));
            attempts.failed(Some("ann"), here, start);
        }
        let wait = attempts.check(Some("ann"), here, start).unwrap_err();
        assert!((wait.as_secs_f64() - 6.0).abs() < 0.01, "{wait:?}");
        let later = start + Duration::from_secs(6);
        assert_eq!(attempts.check(Some("ann"), here, later), Ok(()));
        attempts.failed(Some("ann"), here, later);
        assert!(attempts.check(Some("ann"), here, later).is_err());
        assert_eq!(attempts.check(Some("ann"), here, start + Duration::from_secs(60)), Ok(()));
    }

    #[test]
    fn other_accounts_and_addresses_are_not_touched() {
        let mut attempts = Attempts::new(1, Duration::from_secs(60));
        let now = Instant::now();
        attempts.failed(Some("ann"), address("2001:db8::1"), now);
        assert!(attempts.check(Some("ann"), address("2001:db8::ffff"), now).is_err(), "the same /64");
        assert!(attempts.check(Some("ann"), address("2001:db8:0:1::1"), now).is_ok());
        assert!(attempts.check(Some("bob"), address("2001:db8::1"), now).is_ok());
        attempts.failed(None, address("::ffff:192.0.2.1"), now);
        assert!(attempts.check(None, address("192.0.2.1"), now).is_err(), "IPv4 in another form");
    }

    #[test]
    fn the_table_is_bounded() {
        let mut attempts = Attempts::new(1, Duration::from_secs(60));
        let now = Instant::now();
        for number in 0..3 * GENERATION_ENTRIES_MAX {
            attempts.failed(Some(&number.to_string()), address("192.0.2.1"), now);
        }
        assert!(attempts.young.len() + attempts.old.len() <= 2 * GENERATION_ENTRIES_MAX);
        let last = (3 * GENERATION_ENTRIES_MAX - 1).to_string();
        assert!(attempts.check(Some(&last), address("192.0.2.1"), now).is_err());
    }
}
