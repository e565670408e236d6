//! Numbers for people: a few significant digits, and the unit that fits.

/// For what there is not.
pub(super) const NOTHING: &str = "–";

/// `1,234,567`
pub(super) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Three significant digits, at most two of them behind the point: `0.04`, `1.24`, `12.4`, `1,235`.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let size = value.abs();
    match size {
        _ if size >= 99.95 => format!("{sign}{}", count(size.round() as u64)),
        _ if size >= 9.995 => format!("{sign}{size:.1}"),
        _ => format!("{sign}{size:.2}"),
    }
}

pub(super) fn number_or_nothing(value: Option<f64>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), number)
}

/// Short, for axes: `0`, `2.5`, `50`, `1.5k`, `20M`.
pub(super) fn compact(value: f64) -> String {
    let (size, unit) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, "G"),
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e3 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    // Ticks have few digits; what is beyond them is the rounding of floating point.
    format!("{}{unit}", (size * 1e6).round() / 1e6)
}

/// Of an operation: `845 µs`, `1.24 ms`, `2.31 s`.
pub(super) fn latency(ms: f64) -> String {
    match ms {
        _ if !ms.is_finite() => NOTHING.to_owned(),
        _ if ms >= 999.5 => format!("{} s", number(ms / 1000.0)),
        _ if ms >= 0.9995 => format!("{} ms", number(ms)),
        _ => format!("{:.0} µs", ms * 1000.0),
    }
}

/// As `latency`, for the round values of an axis: `500 µs`, `20 ms`, `1 s`.
pub(super) fn latency_tick(ms: f64) -> String {
    match ms {
        _ if ms >= 1000.0 => format!("{} s", compact(ms / 1000.0)),
        _ if ms >= 1.0 => format!("{} ms", compact(ms)),
        _ => format!("{} µs", compact(ms * 1000.0)),
    }
}

/// Of a run, or of what happened in it: `16 ms`, `4.2 s`, `2 min 5 s`, `1 h 3 min`.
pub(super) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return NOTHING.to_owned();
    }
    if seconds > 0.0 && seconds < 0.9995 {
        return format!("{:.0} ms", seconds * 1000.0);
    }
    if seconds < 60.0 {
        let tenths = (seconds * 10.0).round() / 10.0;
        return format!("{tenths} s");
    }
    let whole = seconds.round() as u64;
    let (large, large_unit, small, small_unit) =
        if whole < 3600 { (whole / 60, "min", whole % 60, "s") } else { (whole / 3600, "h", whole % 3600 / 60, "min") };
    if small == 0 { format!("{large} {large_unit}") } else { format!("{large} {large_unit} {small} {small_unit}") }
}

/// A moment of a run, for an axis: `45 s` of a short run, `2:05` of one of minutes, `1:03:00` of one of hours.
pub(super) fn moment(seconds: f64, span_s: f64) -> String {
    if span_s < 120.0 {
        return format!("{} s", (seconds * 10.0).round() / 10.0);
    }
    let whole = seconds.round().max(0.0) as u64;
    if span_s < 3600.0 {
        format!("{}:{:02}", whole / 60, whole % 60)
    } else {
        format!("{}:{:02}:{:02}", whole / 3600, whole % 3600 / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_groups() {
        assert_eq!([0, 999, 1_000, 12_345_678].map(count), ["0", "999", "1,000", "12,345,678"]);
        let shown = [0.0, 0.042, 1.239, 9.996, 12.34, 99.96, 1234.5, -3.0, f64::NAN, f64::INFINITY].map(number);
        assert_eq!(shown, ["0.00", "0.04", "1.24", "10.0", "12.3", "100", "1,235", "-3.00", "–", "–"]);
        assert_eq!([0.0, 0.1 + 0.2, 2500.0, 2e7, 3e9].map(compact), ["0", "0.3", "2.5k", "20M", "3G"]);
    }

    #[test]
    fn times_have_the_unit_that_fits() {
        assert_eq!([0.05, 0.9999, 12.0, 2310.0].map(latency), ["50 µs", "1.00 ms", "12.0 ms", "2.31 s"]);
        assert_eq!([0.2, 1.0, 500.0, 2000.0].map(latency_tick), ["200 µs", "1 ms", "500 ms", "2 s"]);
        assert_eq!(
            [0.0, 0.016, 4.25, 60.0, 125.0, 3780.0].map(duration),
            ["0 s", "16 ms", "4.3 s", "1 min", "2 min 5 s", "1 h 3 min"]
        );
        assert_eq!(
            [(45.0, 60.0), (125.0, 600.0), (3780.0, 7200.0)].map(|(at, span)| moment(at, span)),
            ["45 s", "2:05", "1:03:00"]
        );
    }
}
