//! Where the scale of a chart ends, and how its values are written.

/// What the values of a chart are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::console) enum Unit {
    Count,
    PerSecond,
    Bytes,
    BytesPerSecond,
    Milliseconds,
    Processors,
}

impl Unit {
    /// The least that a scale ends at: an idle cluster is not to look busy.
    fn least(self) -> f64 {
        match self {
            Self::Count => 4.0,
            Self::PerSecond => 1.0,
            Self::Bytes => 1_000_000.0,
            Self::BytesPerSecond => 1_000.0,
            Self::Milliseconds => 100.0,
            Self::Processors => 0.1,
        }
    }

    /// `1.2 MB/s`
    pub(in crate::console) fn text(self, value: f64) -> String {
        match self {
            Self::Count => short(value),
            Self::PerSecond => format!("{}/s", short(value)),
            Self::Bytes => bytes(value),
            Self::BytesPerSecond => format!("{}/s", bytes(value)),
            Self::Milliseconds if value < 1_000.0 => format!("{value:.0} ms"),
            Self::Milliseconds if value < 60_000.0 => format!("{} s", short(value / 1_000.0)),
            Self::Milliseconds if value < 3_600_000.0 => format!("{} min", short(value / 60_000.0)),
            Self::Milliseconds => format!("{} h", short(value / 3_600_000.0)),
            Self::Processors => format!("{value:.2}"),
        }
    }

    /// Where a scale ends that is to hold this value: at 1, 2, 4, 5 or 8 of a power of ten, so that the half of it is a round number too.
    pub(super) fn end(self, most: f64) -> f64 {
        let most = most.max(self.least());
        let power = 10_f64.powf(most.log10().floor());
        let steps = [1.0, 2.0, 4.0, 5.0, 8.0, 10.0];
        // Sums of floats may be a hair above the step that they are meant to be.
        let step = steps.into_iter().find(|step| step * power >= most * 0.999_999);
        step.unwrap_or(10.0) * power
    }
}

/// Three digits are enough for eyes.
fn short(value: f64) -> String {
    const UNITS: [(&str, f64); 3] = [("G", 1e9), ("M", 1e6), ("k", 1e3)];
    // 999.96 would be written as 1000.0.
    match UNITS.into_iter().find(|(_, size)| value >= size * 0.999_5) {
        Some((unit, size)) => format!("{} {unit}", digits(value / size)),
        None => digits(value),
    }
}

fn bytes(value: f64) -> String {
    if value < 999.5 { format!("{value:.0} B") } else { format!("{}B", short(value)) }
}

fn digits(value: f64) -> String {
    let text = if value < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") };
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short() {
        for (unit, value, text) in [
            (Unit::Count, 0.0, "0"),
            (Unit::Count, 12_345.0, "12 k"),
            (Unit::Count, 999.9, "1 k"),
            (Unit::PerSecond, 2.25, "2.2/s"),
            (Unit::Bytes, 512.0, "512 B"),
            (Unit::Bytes, 125_000_000.0, "125 MB"),
            (Unit::BytesPerSecond, 1_250.0, "1.2 kB/s"),
            (Unit::Milliseconds, 250.0, "250 ms"),
            (Unit::Milliseconds, 90_000.0, "1.5 min"),
            (Unit::Processors, 0.125, "0.12"),
        ] {
            assert_eq!(unit.text(value), text);
        }
    }

    #[test]
    fn scales_end_at_round_numbers_above_the_most() {
        for (unit, most, end) in [
            (Unit::Count, 0.0, 4.0),
            (Unit::Count, 11.0, 20.0),
            (Unit::Count, 400.0, 400.0),
            (Unit::Count, 801.0, 1000.0),
            (Unit::Bytes, 10.0, 1_000_000.0),
            (Unit::Processors, 0.3, 0.4),
        ] {
            assert!((unit.end(most) - end).abs() < end * 1e-9, "{unit:?} {most}: {}", unit.end(most));
        }
    }
}
