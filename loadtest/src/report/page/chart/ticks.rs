//! Round values for axes.

/// 1, 2, 5, 10, 20, 50 and so on, and below 1 likewise.
fn round_value(index: i32) -> f64 {
    let power = index.div_euclid(3);
    let mantissa = [1.0, 2.0, 5.0][index.rem_euclid(3) as usize];
    // Powers of ten below 1 are not exact, quotients are nearest.
    if power < 0 { mantissa / 10f64.powi(-power) } else { mantissa * 10f64.powi(power) }
}

/// Index of the largest round value that is not above `value`, which is positive and finite.
fn round_below(value: f64) -> i32 {
    let mut index = (value.log10().floor() as i32) * 3 - 1;
    while round_value(index + 1) <= value {
        index += 1;
    }
    index
}

/// From 0 to the first that is not below `highest`, about `wanted` of them.
pub(super) fn linear(highest: f64, wanted: usize) -> Vec<f64> {
    let highest = if highest.is_finite() && highest > 0.0 { highest } else { 1.0 };
    let least = highest / wanted.max(1) as f64;
    let below = round_below(least);
    let step = if round_value(below) < least { round_value(below + 1) } else { round_value(below) };
    let steps = (highest / step - 1e-9).ceil().max(1.0) as u32;
    (0..=steps).map(|index| f64::from(index) * step).collect()
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const TIME_STEPS: [f64; 21] = [
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    MINUTE,
    2.0 * MINUTE,
    5.0 * MINUTE,
    10.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    2.0 * HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
    12.0 * HOUR,
    24.0 * HOUR,
];

/// Moments from 0 up to `span_s`, `wanted` of them at most.
pub(super) fn times(span_s: f64, wanted: usize) -> Vec<f64> {
    let fits = |step: &f64| span_s / step <= wanted as f64;
    // Runs of weeks: whole days.
    let days = || (span_s / wanted.max(1) as f64 / (24.0 * HOUR)).ceil() * 24.0 * HOUR;
    let step = TIME_STEPS.into_iter().find(fits).unwrap_or_else(days);
    (0..=(span_s / step + 1e-9) as u32).map(|index| f64::from(index) * step).collect()
}

/// The ends of a logarithmic axis for these positive values: round, and never the same.
pub(super) fn logarithmic_ends(lowest: f64, highest: f64) -> (f64, f64) {
    let (low, mut high) = (round_below(lowest), round_below(highest));
    if round_value(high) < highest || high == low {
        high += 1;
    }
    (round_value(low), round_value(high))
}

/// Between round ends, these included where there is room; about `wanted` of them.
pub(super) fn logarithmic(from: f64, to: f64, wanted: usize) -> Vec<f64> {
    let all: Vec<i32> = (round_below(from)..=round_below(to)).collect();
    let is_power = |index: &&i32| index.rem_euclid(3) == 0;
    let powers = all.iter().filter(is_power).count();
    // With few powers of ten, what is between them is needed.
    if all.len() <= wanted + 3 || powers < 2 {
        return all.into_iter().map(round_value).collect();
    }
    let stride = powers.div_ceil(wanted.max(1)).max(1);
    all.iter().filter(is_power).step_by(stride).map(|index| round_value(*index)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_ticks_are_round_and_reach_the_top() {
        assert_eq!(linear(95.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(linear(100.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(linear(5_300.0, 5), [0.0, 2_000.0, 4_000.0, 6_000.0]);
        assert_eq!(linear(0.3, 3), [0.0, 0.1, 0.2, 0.30000000000000004]);
        for nothing in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(linear(nothing, 5), linear(1.0, 5));
        }
    }

    #[test]
    fn times_are_those_of_clocks() {
        assert_eq!(times(64.0, 7), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]);
        assert_eq!(times(600.0, 4), [0.0, 300.0, 600.0]);
        assert_eq!(times(1.0, 5), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(times(4.0 * 604_800.0, 4).len(), 5, "a week each");
    }

    #[test]
    fn logarithmic_axes_have_round_ends() {
        assert_eq!(logarithmic_ends(3.0, 30.0), (2.0, 50.0));
        assert_eq!(logarithmic_ends(5.0, 5.0), (5.0, 10.0));
        assert_eq!(logarithmic_ends(0.04, 3_210.0), (0.02, 5_000.0));
        assert_eq!(logarithmic(2.0, 50.0, 5), [2.0, 5.0, 10.0, 20.0, 50.0]);
        assert_eq!(logarithmic(20.0, 5_000.0, 5).len(), 8, "two powers of ten are too few");
        assert_eq!(logarithmic(0.02, 50_000.0, 5), [0.1, 10.0, 1000.0]);
        assert_eq!(logarithmic(0.5, 5_000.0, 5), [1.0, 10.0, 100.0, 1000.0]);
    }
}
