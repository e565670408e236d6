//! Paths of SVG.

use std::fmt::Write;

use super::Point;
use super::scale::Scale;

/// A coordinate with one decimal: less than that nobody sees.
pub(super) fn pixel(value: f64) -> f64 {
    // Adding zero makes a negative zero positive.
    (value * 10.0).round() / 10.0 + 0.0
}

/// The parts without a gap, in pixels.
fn parts(points: &[Point], x: &Scale, y: &Scale) -> Vec<Vec<(f64, f64)>> {
    let mut parts = vec![Vec::new()];
    for point in points {
        match point.y.filter(|value| y.can_show(*value) && x.can_show(point.x)) {
            Some(value) => {
                if let Some(part) = parts.last_mut() {
                    part.push((pixel(x.position(point.x)), pixel(y.position(value))));
                }
            }
            None => parts.push(Vec::new()),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Through all points, with gaps.
pub(super) fn line(points: &[Point], x: &Scale, y: &Scale) -> String {
    let mut path = String::new();
    for part in parts(points, x, y).iter().filter(|part| part.len() > 1) {
        for (index, (x, y)) in part.iter().enumerate() {
            // Writing to a string does not fail.
            let _ = write!(path, "{}{x} {y}", if index == 0 { 'M' } else { 'L' });
        }
    }
    path
}

/// The points with a gap on either side, of which a line shows nothing.
pub(super) fn alone(points: &[Point], x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
    parts(points, x, y).into_iter().filter(|part| part.len() == 1).flatten().collect()
}

/// Between two lines whose points have the same places.
pub(super) fn band(upper: &[Point], lower: &[Point], x: &Scale, y: &Scale) -> String {
    let (upper, lower) = (parts(upper, x, y), parts(lower, x, y));
    let mut path = String::new();
    for (upper, lower) in upper.iter().zip(&lower).filter(|(upper, _)| upper.len() > 1) {
        for (index, (x, y)) in upper.iter().chain(lower.iter().rev()).enumerate() {
            let _ = write!(path, "{}{x} {y}", if index == 0 { 'M' } else { 'L' });
        }
        path.push('Z');
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: Scale = Scale { is_logarithmic: false, from: 0.0, to: 10.0, start: 0.0, end: 100.0 };
    const Y: Scale = Scale { is_logarithmic: true, from: 1.0, to: 100.0, start: 200.0, end: 0.0 };

    #[test]
    fn a_line_has_gaps() {
        let points = [Point::new(0.0, 1.0), Point::new(1.0, 10.0), Point::gap(2.0), Point::new(3.333, 100.0)];
        assert_eq!(line(&points, &X, &Y), "M0 200L10 100");
        assert_eq!(alone(&points, &X, &Y), [(33.3, 0.0)]);
        assert_eq!(line(&[Point::new(1.0, 0.0), Point::new(1.0, f64::NAN)], &X, &Y), "", "no logarithm of it");
        assert_eq!(line(&[], &X, &Y), "");
    }

    #[test]
    fn a_band_is_closed() {
        let upper = [Point::new(0.0, 100.0), Point::new(1.0, 100.0), Point::gap(2.0), Point::new(3.0, 100.0)];
        let lower = upper.map(|point| Point { y: point.y.map(|_| 10.0), ..point });
        assert_eq!(band(&upper, &lower, &X, &Y), "M0 0L10 0L10 100L0 100Z");
    }
}
