//! Sizes: all alike, or log-normal as those of real files.

use std::fmt;

use anyhow::{Result, ensure};
use rand::Rng;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// The largest file of a scenario.
const LARGEST: u64 = 1 << 40;

/// A number of bytes; in text with a unit: `64 KiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteCount(pub(crate) u64);

/// Of each file or event.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Size {
    Fixed(ByteCount),
    LogNormal(LogNormal),
}

/// Half are smaller than the median; `sigma` 1 puts a tenth above 3.6 medians, `sigma` 2 above 13.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogNormal {
    median: ByteCount,
    sigma: f64,
    max: ByteCount,
}

impl Default for Size {
    fn default() -> Self {
        Self::Fixed(ByteCount(1024))
    }
}

impl Size {
    #[cfg(test)]
    pub(crate) fn fixed(bytes: u64) -> Self {
        Self::Fixed(ByteCount(bytes))
    }

    pub(crate) fn check(&self) -> Result<()> {
        if let Self::LogNormal(LogNormal { median, sigma, max }) = self {
            ensure!((0.0..=5.0).contains(sigma), "size.sigma must be 0 to 5");
            ensure!((1..=max.0).contains(&median.0), "size.median must be 1 to size.max");
        }
        ensure!(self.largest() <= LARGEST, "a size is at most 1 TiB");
        Ok(())
    }

    pub(crate) fn largest(&self) -> u64 {
        match self {
            Self::Fixed(size) => size.0,
            Self::LogNormal(distribution) => distribution.max.0,
        }
    }

    pub(crate) fn draw(&self, random: &mut impl Rng) -> u64 {
        match self {
            Self::Fixed(size) => size.0,
            Self::LogNormal(LogNormal { median, sigma, max }) => {
                // Box and Muller (1958): a normal value from two even ones.
                let (one, two): (f64, f64) = (random.random(), random.random());
                let normal = (-2.0 * (1.0 - one).ln()).sqrt() * (std::f64::consts::TAU * two).cos();
                ((median.0 as f64 * (sigma * normal).exp()) as u64).clamp(1, max.0)
            }
        }
    }
}

impl<'de> Deserialize<'de> for ByteCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ByteCountVisitor)
    }
}

struct ByteCountVisitor;

impl Visitor<'_> for ByteCountVisitor {
    type Value = ByteCount;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number of bytes, or a text such as \"64 KiB\"")
    }

    fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<ByteCount, E> {
        Ok(ByteCount(bytes))
    }

    fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<ByteCount, E> {
        u64::try_from(bytes).map(ByteCount).map_err(|_| E::invalid_value(de::Unexpected::Signed(bytes), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ByteCount, E> {
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let shift = match unit.trim() {
            "" | "B" => Some(0),
            "KiB" => Some(10),
            "MiB" => Some(20),
            "GiB" => Some(30),
            _ => None,
        };
        let bytes = shift.zip(number.parse::<u64>().ok()).and_then(|(shift, number)| number.checked_mul(1 << shift));
        bytes.map(ByteCount).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[derive(Deserialize)]
    struct Row {
        size: Size,
    }

    fn read(text: &str) -> Result<Size, String> {
        toml::from_str::<Row>(&format!("size = {text}")).map(|row| row.size).map_err(|error| error.to_string())
    }

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [("7", 7), ("'7'", 7), ("'64 KiB'", 65_536), ("'1MiB'", 1 << 20), ("'2 GiB'", 2 << 30)] {
            assert_eq!(read(text), Ok(Size::Fixed(ByteCount(bytes))), "{text}");
        }
        for text in ["-1", "'64 kb'", "'KiB'", "'99999999999 GiB'", "{ median = 5, sigma = 1 }"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn half_are_below_the_median_and_none_above_the_largest() {
        let size = read("{ median = '1 KiB', sigma = 1.0, max = '8 KiB' }").unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let drawn: Vec<u64> = (0..10_000).map(|_| size.draw(&mut random)).collect();
        let share = |limit| drawn.iter().filter(|size| **size < limit).count() as f64 / 10_000.0;
        assert!((share(1024) - 0.5).abs() < 0.02, "{}", share(1024));
        // A tenth lies above exp(1.2816) medians.
        assert!((share(3689) - 0.9).abs() < 0.02, "{}", share(3689));
        assert!(drawn.iter().all(|size| (1..=8192).contains(size)));
    }
}
