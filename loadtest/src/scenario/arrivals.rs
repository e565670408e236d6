//! When operations are due: by rate, growth, bursts and chance.

use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{ArrivalKind, Load};

/// A rate that changes is taken to be steady for so long.
const SLICE_S: f64 = 0.01;

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Due {
    /// Counted from 0.
    pub(crate) number: u64,
    /// From the beginning of the run.
    pub(crate) at: Duration,
}

/// The operations of a load, in the order of their times.
pub(crate) struct Arrivals {
    load: Load,
    until_s: f64,
    random: ChaCha8Rng,
    next_s: f64,
    number: u64,
}

impl Arrivals {
    pub(crate) fn new(load: &Load, duration_s: f64, seed: u64) -> Self {
        let until_s = load.until_s(duration_s);
        let mut arrivals = Self {
            load: load.clone(),
            until_s,
            random: ChaCha8Rng::seed_from_u64(seed),
            next_s: load.from_s,
            number: 0,
        };
        arrivals.advance();
        arrivals
    }

    fn rate_at(&self, at_s: f64) -> f64 {
        if let Some(burst) = self.load.burst
            && (at_s - self.load.from_s) % burst.every_s < burst.for_s
        {
            return burst.rate;
        }
        let part = (at_s - self.load.from_s) / (self.until_s - self.load.from_s);
        self.load.rate_end.map_or(self.load.rate, |end| self.load.rate + (end - self.load.rate) * part)
    }

    fn advance(&mut self) {
        // In mean distances.
        let mut distance = match self.load.arrivals {
            ArrivalKind::Even => 1.0,
            // Those of a Poisson process are exponential.
            ArrivalKind::Poisson => -(1.0 - self.random.random::<f64>()).ln(),
        };
        let is_steady = self.load.burst.is_none() && self.load.rate_end.is_none();
        while self.next_s < self.until_s {
            let rate = self.rate_at(self.next_s);
            let whole_s = if rate > 0.0 { distance / rate } else { f64::INFINITY };
            if is_steady || whole_s <= SLICE_S {
                self.next_s += whole_s;
                return;
            }
            self.next_s += SLICE_S;
            distance -= rate * SLICE_S;
        }
    }
}

impl Iterator for Arrivals {
    type Item = Due;

    fn next(&mut self) -> Option<Due> {
        let is_enough = self.load.count_max.is_some_and(|most| self.number >= most);
        if is_enough || self.next_s >= self.until_s {
            return None;
        }
        let due = Due { number: self.number, at: Duration::from_secs_f64(self.next_s) };
        self.number += 1;
        self.advance();
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    fn load(lines: &str) -> Load {
        let text = format!("description = 'd'\nduration_s = 100\n[[load]]\nname = 'a'\nkind = 'event'\n{lines}");
        Scenario::parse("x", &text).unwrap().loads.remove(0)
    }

    fn counts(lines: &str) -> Vec<usize> {
        let all: Vec<Due> = Arrivals::new(&load(lines), 100.0, 7).collect();
        assert!(all.is_sorted_by_key(|due| due.at) && all.iter().enumerate().all(|(at, due)| due.number == at as u64));
        (0..10).map(|tenth| all.iter().filter(|due| due.at.as_secs() / 10 == tenth).count()).collect()
    }

    #[test]
    fn even_ones_have_equal_distances() {
        let all: Vec<Due> =
            Arrivals::new(&load("rate = 4\narrivals = 'even'\nfrom_s = 1\nuntil_s = 2"), 100.0, 7).collect();
        let times: Vec<u128> = all.iter().map(|due| due.at.as_millis()).collect();
        assert_eq!(times, [1250, 1500, 1750]);
    }

    #[test]
    fn chance_keeps_the_rate_and_the_seed() {
        let counted = counts("rate = 50");
        assert!(counted.iter().all(|count| (400..600).contains(count)), "{counted:?}");
        assert_eq!(counted, counts("rate = 50"));
        let deviation = counted.iter().filter(|count| **count != 500).count();
        assert!(deviation > 5, "{counted:?}");
        assert_eq!(counts("rate = 50\ncount_max = 30").iter().sum::<usize>(), 30);
    }

    #[test]
    fn it_grows_and_has_peaks() {
        let counted = counts("rate = 0\nrate_end = 100\narrivals = 'even'");
        assert!(counted.is_sorted() && (4500..=5500).contains(&counted.iter().sum::<usize>()), "{counted:?}");
        let counted = counts("rate = 10\nburst = { every_s = 50, for_s = 10, rate = 100 }\narrivals = 'even'");
        assert!(counted[0].abs_diff(1000) < 5 && counted[5].abs_diff(1000) < 5, "{counted:?}");
        assert!([1, 2, 3, 4, 6, 9].iter().all(|tenth| counted[*tenth].abs_diff(100) < 5), "{counted:?}");
    }
}
