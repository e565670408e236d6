//! Medians of runs, and percentiles of latencies.

use hdrhistogram::Histogram;
use serde::Serialize;

/// One figure: its runs, in the order they were taken.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) runs: Vec<f64>,
}

impl Figure {
    pub(crate) fn of(name: impl Into<String>, unit: &str, runs: Vec<f64>) -> Self {
        let mut sorted = runs.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let median = match sorted.len() {
            0 => f64::NAN,
            length if length % 2 == 0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
            _ => sorted[middle],
        };
        let (min, max) = (sorted.first().copied().unwrap_or(f64::NAN), sorted.last().copied().unwrap_or(f64::NAN));
        Self { name: name.into(), unit: unit.to_owned(), median, min, max, runs }
    }

    pub(crate) fn line(&self) -> String {
        format!(
            "{:<44} {:>12} {:<6} ({} - {}, {} runs)",
            self.name,
            short(self.median),
            self.unit,
            short(self.min),
            short(self.max),
            self.runs.len()
        )
    }
}

/// Three significant digits.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Latencies of one run, in microseconds.
pub(crate) fn latencies() -> Histogram<u64> {
    // A bound of one minute at three digits is always valid.
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("valid bounds")
}

/// A percentile in milliseconds.
pub(crate) fn percentile_ms(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(Figure::of("a", "", vec![3.0, 1.0, 2.0]).median, 2.0);
        assert_eq!(Figure::of("a", "", vec![4.0, 1.0, 2.0, 3.0]).median, 2.5);
    }
}
