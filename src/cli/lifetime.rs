//! Lifetimes on the command line: a number and its unit.

use std::str::FromStr;

/// Seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetime(pub(crate) u64);

impl FromStr for Lifetime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("{text:?} is no lifetime: write 397d, 12h, 30m or 90s");
        let (number, seconds) = match text.char_indices().next_back() {
            Some((at, 'd')) => (&text[..at], 86_400),
            Some((at, 'h')) => (&text[..at], 3_600),
            Some((at, 'm')) => (&text[..at], 60),
            Some((at, 's')) => (&text[..at], 1),
            _ => return Err(refused()),
        };
        let number: u64 = number.parse().map_err(|_| refused())?;
        number.checked_mul(seconds).filter(|seconds| *seconds > 0).map(Self).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_has_a_unit() {
        for (text, seconds) in [("397d", 34_300_800), ("12h", 43_200), ("30m", 1_800), ("90s", 90)] {
            assert_eq!(text.parse(), Ok(Lifetime(seconds)));
        }
        for bad in ["", "d", "10", "10 d", "-1d", "0s", "1.5h", "99999999999999999999d", "18446744073709551615d", "7ä"]
        {
            assert!(bad.parse::<Lifetime>().is_err(), "{bad}");
        }
    }
}
