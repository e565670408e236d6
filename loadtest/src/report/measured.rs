//! Figures that follow from what was recorded: the same in every report.

use super::run::{Counts, LoadRecord, Run};

impl Run {
    /// The time that the totals are of: without the warm-up.
    pub(super) fn measured_s(&self) -> f64 {
        let measured = self.duration_s - self.warm_up_s;
        if measured.is_finite() { measured.max(0.0) } else { 0.0 }
    }

    /// Until the last thing that happened in it, the drain too. Neither negative nor infinite.
    pub(super) fn span_s(&self) -> f64 {
        let intervals = self.loads.iter().filter_map(|load| load.intervals.last()).map(|last| last.at_s + 1.0);
        let samples = self.nodes.iter().filter_map(|node| node.samples.last()).map(|last| last.at_s);
        let marks = self.marks.iter().flat_map(|mark| [Some(mark.at_s), mark.until_s]).flatten();
        let drained = self.duration_s + self.drain_s.unwrap_or(0.0);
        let times = intervals.chain(samples).chain(marks).chain([drained]);
        times.filter(|time| time.is_finite()).fold(0.0, f64::max)
    }

    /// `count` a second; none if no time was measured.
    pub(super) fn per_second(&self, count: u64) -> Option<f64> {
        let measured = self.measured_s();
        (measured > 0.0).then(|| count as f64 / measured)
    }

    /// Of all loads together.
    pub(super) fn totals(&self) -> Counts {
        self.loads.iter().fold(Counts::default(), |sum, load| sum.and(&load.totals))
    }
}

impl Counts {
    /// Of operations that were begun: refused, or of unknown end.
    pub(super) fn failed(&self) -> u64 {
        self.refused.saturating_add(self.unknown)
    }

    fn and(self, other: &Self) -> Self {
        Self {
            acknowledged: self.acknowledged.saturating_add(other.acknowledged),
            refused: self.refused.saturating_add(other.refused),
            unknown: self.unknown.saturating_add(other.unknown),
            not_begun: self.not_begun.saturating_add(other.not_begun),
            repeated: self.repeated.saturating_add(other.repeated),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

impl LoadRecord {
    /// In MB (10⁶ bytes) a second.
    pub(super) fn megabytes_per_second(&self, run: &Run) -> Option<f64> {
        run.per_second(self.totals.bytes).map(|bytes| bytes / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn the_warm_up_is_in_no_rate() {
        let run = sample::run();
        assert_eq!(run.measured_s(), 50.0);
        assert_eq!(run.per_second(1_000), Some(20.0));
        assert_eq!(sample::empty().per_second(1_000), None, "no time, no rate");
    }

    #[test]
    fn a_run_spans_its_drain_and_its_last_sample() {
        let mut run = sample::run();
        assert_eq!(run.span_s(), 64.0);
        run.nodes[0].samples.last_mut().unwrap().at_s = 70.0;
        assert_eq!(run.span_s(), 70.0);
        run.duration_s = f64::NAN;
        assert_eq!(run.span_s(), 70.0);
    }
}
