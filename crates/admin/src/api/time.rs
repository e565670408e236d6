//! Milliseconds since the Unix epoch, as the state holds them, and instants, as people read them.

use jiff::Timestamp;

/// Beyond the year 9999 the last representable instant stands in.
pub fn from_ms(ms: u64) -> Timestamp {
    i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::MAX)
}

/// As [`from_ms`], of microseconds.
pub fn from_us(us: u64) -> Timestamp {
    i64::try_from(us).ok().and_then(|us| Timestamp::from_microsecond(us).ok()).unwrap_or(Timestamp::MAX)
}

/// Before 1970 this is 0.
pub fn to_ms(instant: Timestamp) -> u64 {
    u64::try_from(instant.as_millisecond()).unwrap_or(0)
}

/// Before 1970 this is 0.
pub fn to_us(instant: Timestamp) -> u64 {
    u64::try_from(instant.as_microsecond()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_text_and_absurd_ones_do_not_panic() {
        assert_eq!(from_ms(1_700_000_000_123).to_string(), "2023-11-14T22:13:20.123Z");
        assert_eq!(to_ms(from_ms(1_700_000_000_123)), 1_700_000_000_123);
        assert_eq!(from_ms(u64::MAX), Timestamp::MAX);
        assert_eq!(to_ms(Timestamp::MIN), 0);
    }
}
