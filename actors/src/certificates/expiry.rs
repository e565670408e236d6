//! How old a certificate is: when to renew it and when to warn. Pure.

use serde::Serialize;

const DAY_MS: u64 = 86_400_000;
/// People are told this many days before the end, and once more when it has come.
const WARN_DAYS: [u64; 5] = [30, 14, 7, 1, 0];

/// From when to when a certificate is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
}

/// What is to be told about a certificate's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Expiry {
    /// The limit that was passed: 30, 14, 7 or 1 days before the end, or 0 at the end.
    pub within_days: u64,
    /// Whole days left.
    pub days_left: u64,
    /// It is not valid any more: handshakes fail.
    pub is_expired: bool,
}

impl Life {
    pub(super) fn length_ms(self) -> u64 {
        self.to_ms.saturating_sub(self.from_ms)
    }

    /// When two thirds of the lifetime are over: a third is left for whatever may be in the way of a renewal.
    pub(super) fn renewal_due_ms(self) -> u64 {
        self.from_ms.saturating_add(self.length_ms() / 3 * 2)
    }

    /// The tightest limit that is passed. A limit longer than the whole life of the certificate says nothing about it.
    pub(super) fn expiry(self, now_ms: u64) -> Option<Expiry> {
        let left_ms = self.to_ms.saturating_sub(now_ms);
        let is_passed = |days: &u64| left_ms <= days * DAY_MS && days * DAY_MS < self.length_ms().max(1);
        let within_days = WARN_DAYS.into_iter().rev().find(is_passed)?;
        Some(Expiry { within_days, days_left: left_ms / DAY_MS, is_expired: left_ms == 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(days: u64) -> Life {
        Life { from_ms: 1_000, to_ms: 1_000 + days * DAY_MS }
    }

    #[test]
    fn the_tightest_limit_counts() {
        for (lifetime_days, age_ms, expected) in [
            (365, 0, None),
            (365, 335 * DAY_MS - 1, None),
            (365, 335 * DAY_MS, Some((30, 30, false))),
            (365, 335 * DAY_MS + 1, Some((30, 29, false))),
            (365, 351 * DAY_MS, Some((14, 14, false))),
            (365, 360 * DAY_MS, Some((7, 5, false))),
            (365, 365 * DAY_MS - 1, Some((1, 0, false))),
            (365, 365 * DAY_MS, Some((0, 0, true))),
            (365, 400 * DAY_MS, Some((0, 0, true))),
            (10, 0, None),
            (10, 3 * DAY_MS, Some((7, 7, false))),
            (1, 0, None),
            (1, DAY_MS, Some((0, 0, true))),
        ] {
            let told = life(lifetime_days).expiry(1_000 + age_ms);
            let told = told.map(|expiry| (expiry.within_days, expiry.days_left, expiry.is_expired));
            assert_eq!(told, expected, "{lifetime_days} days, {age_ms} ms old");
        }
    }

    #[test]
    fn renewal_is_due_at_two_thirds() {
        assert_eq!(life(90).renewal_due_ms(), 1_000 + 60 * DAY_MS);
    }
}
