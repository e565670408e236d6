//! The path of one line, in a picture of 600 by 120.

use std::fmt::Write;

use crate::api::SAMPLE_EVERY_MS;

pub(super) const WIDTH: f64 = 600.0;
pub(super) const HEIGHT: f64 = 120.0;
/// A line is broken where nothing was seen for longer: the process was frozen, or was another one.
const GAP_MS: u64 = 5 * SAMPLE_EVERY_MS / 2;

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::console) struct Point {
    /// Milliseconds since the Unix epoch.
    pub(in crate::console) at_ms: u64,
    pub(in crate::console) value: f64,
}

/// In the words of SVG. Points are in the order of their times, values from 0 to `end`.
pub(super) fn path(points: &[Point], since_ms: u64, window_ms: u64, end: f64) -> String {
    let mut path = String::new();
    let mut last_ms = None;
    for point in points {
        let x = point.at_ms.saturating_sub(since_ms) as f64 / window_ms as f64 * WIDTH;
        let y = HEIGHT - point.value / end * HEIGHT;
        let is_near = last_ms.is_some_and(|last_ms| point.at_ms.abs_diff(last_ms) <= GAP_MS);
        // A point alone is a line of no length, whose round ends are seen. Writing to a String cannot fail.
        let _ = if is_near { write!(path, "L{x:.1} {y:.1}") } else { write!(path, "M{x:.1} {y:.1}h0") };
        last_ms = Some(point.at_ms);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(points: &[(u64, f64)]) -> String {
        let points: Vec<_> = points.iter().map(|(at_ms, value)| Point { at_ms: *at_ms, value: *value }).collect();
        path(&points, 1_000_000, 600_000, 10.0)
    }

    #[test]
    fn a_line_goes_from_point_to_point_and_is_broken_where_nothing_was_seen() {
        assert_eq!(drawn(&[]), "");
        assert_eq!(drawn(&[(1_000_000, 0.0), (1_010_000, 10.0)]), "M0.0 120.0h0L10.0 0.0");
        assert_eq!(drawn(&[(1_000_000, 5.0), (1_300_000, 5.0)]), "M0.0 60.0h0M300.0 60.0h0");
    }
}
