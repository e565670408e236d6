//! A run of a day has more seconds than a chart has pixels: what falls on the same few pixels becomes one point.

use super::Point;

/// What one point stands for when it takes the place of several.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Reduction {
    /// Points are counts of one second each: their number a second, up to `until_s`. A second without one counts as 0, so that
    /// an outage shows as what it is.
    Rate {
        until_s: f64,
    },
    Mean,
    /// So that no peak is lost.
    Maximum,
    /// Points are few, and stay.
    AsIs,
}

const WIDTHS_S: [f64; 18] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0,
    43_200.0, 86_400.0,
];

/// Seconds for each point, so that no more than `wanted` are needed.
pub(super) fn width_s(span_s: f64, wanted: f64) -> f64 {
    WIDTHS_S.into_iter().find(|width| span_s / width <= wanted).unwrap_or_else(|| (span_s / wanted).ceil())
}

/// One point for each `width_s` seconds from 0 to `span_s`.
pub(super) fn reduced(points: &[Point], reduction: Reduction, width_s: f64, span_s: f64) -> Vec<Point> {
    match reduction {
        Reduction::Rate { until_s } => rates(points, until_s, width_s, span_s),
        // Nothing is to be joined, and samples a little off the second would leave gaps.
        Reduction::AsIs => points.to_vec(),
        Reduction::Mean | Reduction::Maximum if width_s <= 1.0 => points.to_vec(),
        Reduction::Mean => joined(points, width_s, span_s, |values| values.iter().sum::<f64>() / values.len() as f64),
        Reduction::Maximum => {
            joined(points, width_s, span_s, |values| values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
        }
    }
}

/// The values of each bucket; what lies outside is left out.
fn buckets(points: &[Point], width_s: f64, span_s: f64) -> Vec<Vec<f64>> {
    let mut buckets = vec![Vec::new(); (span_s / width_s).ceil().max(1.0) as usize];
    for point in points.iter().filter(|point| point.x >= 0.0) {
        // A sample at the very end belongs to what is before it.
        let index = ((point.x / width_s) as usize).min(buckets.len() - 1);
        if point.x <= span_s {
            buckets[index].extend(point.y);
        }
    }
    buckets
}

fn joined(points: &[Point], width_s: f64, span_s: f64, join: impl Fn(&[f64]) -> f64) -> Vec<Point> {
    let buckets = buckets(points, width_s, span_s).into_iter().enumerate();
    let point = |(index, values): (usize, Vec<f64>)| {
        let x = (index as f64 + 0.5) * width_s;
        Point { x, y: (!values.is_empty()).then(|| join(&values)) }
    };
    buckets.map(point).collect()
}

/// Whole seconds only: what lasts to the middle of one would look like a slump in it.
fn rates(points: &[Point], until_s: f64, width_s: f64, span_s: f64) -> Vec<Point> {
    let end_s = until_s.floor().max(1.0);
    let within: Vec<Point> = points.iter().filter(|point| point.x < end_s).copied().collect();
    let point = |(index, values): (usize, Vec<f64>)| {
        let from_s = index as f64 * width_s;
        let covered_s = (end_s - from_s).min(width_s);
        (covered_s > 0.0).then(|| Point::new(from_s + covered_s / 2.0, values.iter().sum::<f64>() / covered_s))
    };
    buckets(&within, width_s, span_s).into_iter().enumerate().filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(values: &[(f64, f64)]) -> Vec<Point> {
        values.iter().map(|(at, value)| Point::new(at + 0.5, *value)).collect()
    }

    #[test]
    fn a_second_in_which_nothing_ended_counts_as_zero() {
        let points = seconds(&[(0.0, 10.0), (3.0, 20.0)]);
        let rates = reduced(&points, Reduction::Rate { until_s: 5.4 }, 1.0, 6.0);
        let expected = [(0.0, 10.0), (1.0, 0.0), (2.0, 0.0), (3.0, 20.0), (4.0, 0.0)];
        assert_eq!(rates, seconds(&expected), "and the half second at the end is no slump");
        let rates = reduced(&points, Reduction::Rate { until_s: 3.0 }, 1.0, 6.0);
        assert_eq!(rates, seconds(&expected[..3]), "nor what ended after the load");
        let rates = reduced(&points, Reduction::Rate { until_s: 5.0 }, 2.0, 6.0);
        assert_eq!(rates, [Point::new(1.0, 5.0), Point::new(3.0, 10.0), Point::new(4.5, 0.0)]);
    }

    #[test]
    fn long_runs_keep_means_peaks_and_gaps() {
        let points =
            [Point::new(0.5, 1.0), Point::new(1.5, 3.0), Point::gap(2.5), Point::gap(3.5), Point::new(4.0, 5.0)];
        let means = [Point::new(1.0, 2.0), Point::gap(3.0)];
        assert_eq!(reduced(&points[..4], Reduction::Mean, 2.0, 4.0), means);
        assert_eq!(reduced(&points[..4], Reduction::Maximum, 2.0, 4.0)[0].y, Some(3.0));
        assert_eq!(reduced(&points, Reduction::Mean, 2.0, 4.0)[1].y, Some(5.0), "what is at the end is in the last");
        assert_eq!(reduced(&points, Reduction::Mean, 1.0, 4.0), points, "seconds stay as they are");
    }

    #[test]
    fn a_day_has_no_more_points_than_wanted() {
        assert_eq!([1.0, 500.0, 501.0, 86_400.0].map(|span| width_s(span, 500.0)), [1.0, 1.0, 2.0, 300.0]);
        assert_eq!(width_s(86_400.0 * 5_000.0, 500.0), 864_000.0);
    }
}
