//! How values are shown.

#![expect(unreachable_pub, reason = "the filter macro makes parts public that this module does not")]

use askama::Values;
use askama::filters::Safe;
use jiff::Timestamp;

/// A number, however many references templates put before it.
pub(super) trait Number {
    fn number(&self) -> u64;
}

impl Number for u64 {
    fn number(&self) -> u64 {
        *self
    }
}

impl<T: Number> Number for &T {
    fn number(&self) -> u64 {
        (**self).number()
    }
}

/// A point in time: UTC as text; the script shows it in the browser's zone.
#[askama::filter_fn]
pub(super) fn time(at: &Timestamp, _: &dyn Values) -> askama::Result<Safe<String>> {
    let at = at.round(jiff::Unit::Second).unwrap_or(*at);
    let (date, clock) = (at.strftime("%Y-%m-%d"), at.strftime("%H:%M:%S"));
    Ok(Safe(format!("<time datetime=\"{at}\">{date} {clock} UTC</time>")))
}

/// `-` for nothing.
#[askama::filter_fn]
pub(super) fn or_dash<T: std::fmt::Display>(value: &Option<T>, _: &dyn Values) -> askama::Result<String> {
    Ok(value.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string))
}

/// `12,345,678`
#[askama::filter_fn]
pub(super) fn number<T: Number>(count: T, _: &dyn Values) -> askama::Result<String> {
    Ok(grouped(count.number()))
}

/// `350 ms`, `4.2 s`, `12 min`, `3 h`, `5 d`
#[askama::filter_fn]
pub(super) fn span<T: Number>(ms: T, _: &dyn Values) -> askama::Result<String> {
    Ok(match ms.number() {
        ms @ 0..1_000 => format!("{ms} ms"),
        ms @ 1_000..60_000 => format!("{:.1} s", ms as f64 / 1000.0),
        ms @ 60_000..3_600_000 => format!("{} min", ms / 60_000),
        ms @ 3_600_000..172_800_000 => format!("{} h", ms / 3_600_000),
        ms => format!("{} d", ms / 86_400_000),
    })
}

/// `0.42 ms`
#[askama::filter_fn]
pub(super) fn micros<T: Number>(us: T, _: &dyn Values) -> askama::Result<String> {
    Ok(match us.number() {
        us @ 0..10_000 => format!("{:.2} ms", us as f64 / 1000.0),
        us @ 10_000..1_000_000 => format!("{} ms", us / 1000),
        us => format!("{:.1} s", us as f64 / 1e6),
    })
}

fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use askama::Template;

    use super::*;
    use crate::console::filters;

    #[derive(Template)]
    #[template(
        source = "{{ at|time }} {{ none|or_dash }} {{ size|number }} {{ ms|span }} {{ us|micros }}",
        ext = "html"
    )]
    struct Sample {
        at: Timestamp,
        none: Option<u64>,
        size: u64,
        ms: u64,
        us: u64,
    }

    #[test]
    fn values_are_shown_as_people_read_them() {
        let at = Timestamp::from_millisecond(1_795_824_000_400).unwrap();
        let sample = Sample { at, none: None, size: 12_345_678, ms: 4_200, us: 420 };
        let time = "<time datetime=\"2026-11-28T00:00:00Z\">2026-11-28 00:00:00 UTC</time>";
        assert_eq!(sample.render().unwrap(), format!("{time} – 12,345,678 4.2 s 0.42 ms"));
    }

    #[test]
    fn digits_are_grouped() {
        for (count, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(count), text);
        }
    }
}
