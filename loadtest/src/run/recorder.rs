//! Counts how the operations of one load end, second by second and in all.

use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;

use crate::report::run::{Counts, Interval, Latency, LoadRecord, Quantile};
use crate::statistics::{latencies, percentile_ms};

/// Quantiles of the distribution: each step halves what lies above.
const DISTRIBUTION_STEPS: i32 = 20;

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Acknowledged {
        bytes: u64,
    },
    /// The node said no.
    Refused(String),
    /// Nobody said anything in time, whatever was tried.
    Unknown(String),
    NotBegun,
}

/// Of one load; shared by its operations.
pub(crate) struct Recorder {
    warm_up: Duration,
    state: Mutex<State>,
}

struct State {
    totals: Counts,
    histogram: Histogram<u64>,
    /// The second that goes on.
    open: Second,
    intervals: Vec<Interval>,
    last_acknowledged: Option<Duration>,
    longest_gap: Duration,
    first_trouble: Option<String>,
}

struct Second {
    number: u64,
    acknowledged: u64,
    failed: u64,
    bytes: u64,
    histogram: Histogram<u64>,
}

/// For the line that shows progress.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Glance {
    pub(crate) rate: u64,
    pub(crate) p99_ms: f64,
    pub(crate) failed: u64,
}

impl Recorder {
    pub(crate) fn new(warm_up: Duration) -> Self {
        let state = State {
            totals: Counts::default(),
            histogram: latencies(),
            open: Second::new(0),
            intervals: Vec::new(),
            last_acknowledged: None,
            longest_gap: Duration::ZERO,
            first_trouble: None,
        };
        Self { warm_up, state: Mutex::new(state) }
    }

    /// An operation that was due at one time has ended at another, after `repeated` further tries.
    pub(crate) fn record(&self, due: Duration, now: Duration, end: &End, repeated: u64) {
        let mut state = self.state.lock();
        let state = &mut *state;
        state.advance(now);
        let counts = due >= self.warm_up;
        let micros = u64::try_from(now.saturating_sub(due).as_micros()).unwrap_or(u64::MAX);
        if counts {
            state.totals.repeated += repeated;
        }
        match end {
            End::Acknowledged { bytes } => {
                state.open.acknowledged += 1;
                state.open.bytes += bytes;
                state.open.histogram.saturating_record(micros);
                if counts {
                    state.totals.acknowledged += 1;
                    state.totals.bytes += bytes;
                    state.histogram.saturating_record(micros);
                    let since = state.last_acknowledged.unwrap_or(self.warm_up).max(self.warm_up);
                    state.longest_gap = state.longest_gap.max(now.saturating_sub(since));
                }
                state.last_acknowledged = Some(now);
            }
            End::Refused(why) | End::Unknown(why) => {
                state.open.failed += 1;
                state.first_trouble.get_or_insert_with(|| why.clone());
                match end {
                    _ if !counts => {}
                    End::Refused(_) => state.totals.refused += 1,
                    _ => state.totals.unknown += 1,
                }
            }
            End::NotBegun => {
                state.open.failed += 1;
                state.totals.not_begun += u64::from(counts);
            }
        }
    }

    /// The last whole second, and what failed so far.
    pub(crate) fn glance(&self, now: Duration) -> Glance {
        let mut state = self.state.lock();
        state.advance(now);
        let Counts { refused, unknown, not_begun, .. } = state.totals;
        let failed = refused + unknown + not_begun;
        let is_last = |interval: &&Interval| interval.at_s as u64 + 1 == now.as_secs();
        let last = state.intervals.last().filter(is_last);
        last.map_or(Glance { failed, ..Glance::default() }, |last| Glance {
            rate: last.acknowledged,
            p99_ms: last.p99_ms,
            failed,
        })
    }

    /// Why the first one failed that did.
    pub(crate) fn first_trouble(&self) -> Option<String> {
        self.state.lock().first_trouble.clone()
    }

    pub(crate) fn finish(&self, name: &str, kind: &str) -> LoadRecord {
        let mut state = self.state.lock();
        let next = Duration::from_secs(state.open.number + 1);
        state.advance(next);
        let histogram = &state.histogram;
        let latency = (!histogram.is_empty()).then(|| Latency {
            mean_ms: histogram.mean() / 1000.0,
            p50_ms: percentile_ms(histogram, 0.5),
            p90_ms: percentile_ms(histogram, 0.9),
            p99_ms: percentile_ms(histogram, 0.99),
            p99_9_ms: percentile_ms(histogram, 0.999),
            max_ms: histogram.max() as f64 / 1000.0,
        });
        LoadRecord {
            name: name.to_owned(),
            kind: kind.to_owned(),
            totals: state.totals,
            latency,
            longest_gap_ms: state.longest_gap.as_secs_f64() * 1000.0,
            distribution: distribution(histogram),
            intervals: state.intervals.clone(),
        }
    }
}

fn distribution(histogram: &Histogram<u64>) -> Vec<Quantile> {
    if histogram.is_empty() {
        return Vec::new();
    }
    let quantiles = (0..=DISTRIBUTION_STEPS).map(|step| 1.0 - 0.5_f64.powi(step));
    // Beyond the last sample there is nothing to say.
    let known = quantiles.filter(|quantile| (1.0 - quantile) * histogram.len() as f64 >= 1.0);
    let quantile = |quantile| Quantile { quantile, latency_ms: percentile_ms(histogram, quantile) };
    known.chain([1.0]).map(quantile).collect()
}

impl State {
    /// Closes the seconds before `now`.
    fn advance(&mut self, now: Duration) {
        let number = now.as_secs();
        if number <= self.open.number {
            return;
        }
        let second = std::mem::replace(&mut self.open, Second::new(number));
        if second.acknowledged + second.failed > 0 {
            self.intervals.push(second.close());
        }
    }
}

impl Second {
    fn new(number: u64) -> Self {
        Self { number, acknowledged: 0, failed: 0, bytes: 0, histogram: latencies() }
    }

    fn close(self) -> Interval {
        let Self { number, acknowledged, failed, bytes, histogram } = self;
        Interval {
            at_s: number as f64,
            acknowledged,
            failed,
            bytes,
            p50_ms: percentile_ms(&histogram, 0.5),
            p99_ms: percentile_ms(&histogram, 0.99),
            max_ms: histogram.max() as f64 / 1000.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DONE: End = End::Acknowledged { bytes: 10 };

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn waiting_counts_and_the_warm_up_does_not() {
        let recorder = Recorder::new(at(1000));
        recorder.record(at(900), at(1100), &DONE, 3);
        recorder.record(at(1000), at(1500), &DONE, 1);
        recorder.record(at(1200), at(2100), &DONE, 0);
        recorder.record(at(1300), at(2200), &End::Refused("no".to_owned()), 0);
        recorder.record(at(1400), at(4000), &End::Unknown("silence".to_owned()), 2);
        recorder.record(at(1500), at(4000), &End::NotBegun, 0);
        assert_eq!(recorder.first_trouble().as_deref(), Some("no"));
        let record = recorder.finish("a", "upload");
        let expected = Counts { acknowledged: 2, refused: 1, unknown: 1, not_begun: 1, repeated: 3, bytes: 20 };
        assert_eq!((record.totals, record.longest_gap_ms), (expected, 600.0));
        let latency = record.latency.unwrap();
        assert!((latency.p50_ms - 500.0).abs() < 1.0 && (latency.max_ms - 900.0).abs() < 1.0, "{latency:?}");
        let seconds: Vec<_> = record.intervals.iter().map(|row| (row.at_s, row.acknowledged, row.failed)).collect();
        assert_eq!(seconds, [(1.0, 2, 0), (2.0, 1, 1), (4.0, 0, 2)]);
        assert!(record.distribution.is_sorted_by(|one, other| one.latency_ms <= other.latency_ms));
    }

    #[test]
    fn nothing_is_nothing() {
        let record = Recorder::new(at(0)).finish("a", "event");
        assert!(record.latency.is_none() && record.distribution.is_empty() && record.intervals.is_empty());
    }

    #[test]
    fn a_glance_shows_the_second_that_has_just_ended() {
        let recorder = Recorder::new(at(0));
        (0..50).for_each(|n| recorder.record(at(n * 10), at(n * 10 + 5), &DONE, 0));
        assert_eq!(recorder.glance(at(1001)).rate, 50);
        assert_eq!(recorder.glance(at(2001)).rate, 0);
    }
}
