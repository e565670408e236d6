//! How much work to hold in advance, so that workers need not wait for the log.
//!
//! A worker that ends an event gets the next one only a round trip of the log later, unless it was claimed before. For
//! short work that wait is the whole cost; for long work, holding events that others could run now is worse. So the
//! number held in advance follows from measured times: what the workers end during two round trips, slow ones included,
//! and a little more when the work is short enough that it waits no longer than it would at any other node.

/// Held in advance at most; bounds what a lost node delays, and the memory.
const PREFETCH_MAX: u32 = 512;
/// How long an event may wait in advance for nothing but evenness: workers that began together end together, and all want
/// the next event at once. Half of the time that events are left to the node that took them anyway.
const PATIENCE_US: f64 = 100_000.0;
/// Weight of the newest of the measurements.
const NEWEST: f64 = 0.1;
/// Assumed until something was measured: nothing is held in advance for long work by mistake.
const FIRST_WORK_US: f64 = 20_000.0;
const FIRST_ROUND_US: f64 = 5_000.0;

/// Moving averages of one pool.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    work_us: f64,
    round_us: f64,
    /// Mean distance of a round from the mean round (as TCP measures round trips, RFC 6298): a wait for the disk or for a
    /// large group must not find the workers idle.
    round_deviation_us: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { work_us: FIRST_WORK_US, round_us: FIRST_ROUND_US, round_deviation_us: 0.0 }
    }
}

impl Pace {
    pub(crate) fn worked(&mut self, duration_us: u64) {
        self.work_us += (duration_us.max(1) as f64 - self.work_us) * NEWEST;
    }

    pub(crate) fn proposed(&mut self, duration_us: u64) {
        let distance_us = duration_us.max(1) as f64 - self.round_us;
        self.round_us += distance_us * NEWEST;
        self.round_deviation_us += (distance_us.abs() - self.round_deviation_us) * NEWEST;
    }

    pub(crate) fn work_us(&self) -> u64 {
        self.work_us as u64
    }

    pub(crate) fn round_us(&self) -> u64 {
        self.round_us as u64
    }

    /// How many events to hold for `workers` workers beyond those that they run: what they end during two slow rounds
    /// (one that is on its way already when an event ends, and the one that brings the next), or one for each of them if
    /// it would not wait long.
    pub(crate) fn prefetch(&self, workers: u32) -> u32 {
        let slow_round_us = self.round_us + 2.0 * self.round_deviation_us;
        let ended = f64::from(workers) * 2.0 * slow_round_us / self.work_us;
        let spare = f64::from(workers) * (PATIENCE_US / self.work_us).min(1.0);
        // `as` saturates; a ratio below one means that the work is long.
        (ended.max(spare) as u32).min(PREFETCH_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(work_us: f64, round_us: f64) -> Pace {
        Pace { work_us, round_us, round_deviation_us: 0.0 }
    }

    #[test]
    fn short_work_is_held_in_advance_and_long_work_is_not() {
        for (work_us, round_us, workers, expected) in [
            (1_000.0, 5_000.0, 4, 40),
            (5_000.0, 5_000.0, 4, 8),
            (1_000_000.0, 5_000.0, 4, 0),
            (1_000_000.0, 5_000.0, 1000, 100),
            (50_000.0, 5_000.0, 128, 128),
            (400_000.0, 5_000.0, 128, 32),
            (10.0, 50_000.0, 1000, PREFETCH_MAX),
        ] {
            assert_eq!(pace(work_us, round_us).prefetch(workers), expected, "{work_us} {round_us} {workers}");
        }
    }

    #[test]
    fn rounds_of_uneven_length_need_more_in_advance() {
        let mut pace = pace(10_000.0, 10_000.0);
        let even = pace.prefetch(128);
        for round in 0..200 {
            pace.proposed(if round % 2 == 0 { 5_000 } else { 15_000 });
        }
        assert!((9_000..11_000).contains(&pace.round_us()));
        assert!(pace.prefetch(128) > even * 3 / 2, "{even} {}", pace.prefetch(128));
    }

    #[test]
    fn it_follows_what_is_measured() {
        let mut pace = Pace::default();
        for _ in 0..200 {
            pace.worked(100);
            pace.proposed(2_000);
        }
        assert!((100..110).contains(&pace.work_us()));
        assert!((2_000..2_010).contains(&pace.round_us()));
    }
}
