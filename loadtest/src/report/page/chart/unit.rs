//! Units of vertical axes.

use super::super::super::units::{compact, latency, latency_tick, number};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Unit {
    PerSecond,
    Milliseconds,
    Percent,
    Mebibytes,
    MebibytesPerSecond,
}

impl Unit {
    /// What follows a value; the script knows `ms`.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::PerSecond => "/s",
            Self::Milliseconds => "ms",
            Self::Percent => "%",
            Self::Mebibytes => "MiB",
            Self::MebibytesPerSecond => "MiB/s",
        }
    }

    /// Beside the axis, whose unit the chart's note gives.
    pub(super) fn tick(self, value: f64) -> String {
        match self {
            Self::Milliseconds => latency_tick(value),
            Self::Percent => format!("{} %", compact(value)),
            _ => compact(value),
        }
    }

    pub(super) fn value(self, value: f64) -> String {
        match self {
            Self::Milliseconds => latency(value),
            _ => format!("{} {}", number(value), self.suffix()),
        }
    }
}
