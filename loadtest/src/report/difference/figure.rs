//! One figure of both runs, and what its change means.

use serde::Serialize;

/// What is nearer than this to the value before is the same.
const SAME_WITHIN: f64 = 0.05;

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Better {
    Higher,
    Lower,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Better,
    Worse,
    Same,
    /// One side has no such figure.
    Unknown,
}

impl Verdict {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Same => "same",
            Self::Unknown => "",
        }
    }
}

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) before: Option<f64>,
    pub(super) after: Option<f64>,
    /// After to before; none if a side has no value, or nothing was before.
    pub(super) ratio: Option<f64>,
    pub(super) verdict: Verdict,
}

impl Figure {
    pub(super) fn of(
        name: &'static str,
        unit: &'static str,
        better: Better,
        before: Option<f64>,
        after: Option<f64>,
    ) -> Self {
        let (before, after) = (before.filter(|value| value.is_finite()), after.filter(|value| value.is_finite()));
        let (ratio, verdict) = match (before, after) {
            (Some(before), Some(after)) => {
                let ratio = after / before;
                (ratio.is_finite().then_some(ratio), verdict(better, before, after))
            }
            _ => (None, Verdict::Unknown),
        };
        Self { name, unit, before, after, ratio, verdict }
    }
}

fn verdict(better: Better, before: f64, after: f64) -> Verdict {
    // A little more, so that 105 is within 5 % of 100 whatever floating point makes of it.
    if (after - before).abs() <= before.abs() * (SAME_WITHIN + 1e-9) {
        return Verdict::Same;
    }
    let is_better = match better {
        Better::Higher => after > before,
        Better::Lower => after < before,
    };
    if is_better { Verdict::Better } else { Verdict::Worse }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_percent_is_the_same() {
        let cases = [
            (Better::Higher, 100.0, 105.0, Verdict::Same),
            (Better::Higher, 100.0, 95.0, Verdict::Same),
            (Better::Higher, 100.0, 105.1, Verdict::Better),
            (Better::Higher, 100.0, 94.9, Verdict::Worse),
            (Better::Lower, 10.0, 20.0, Verdict::Worse),
            (Better::Lower, 10.0, 5.0, Verdict::Better),
            (Better::Lower, 0.0, 0.0, Verdict::Same),
            (Better::Lower, 0.0, 3.0, Verdict::Worse),
            (Better::Lower, 3.0, 0.0, Verdict::Better),
        ];
        for (better, before, after, expected) in cases {
            let figure = Figure::of("figure", "", better, Some(before), Some(after));
            assert_eq!(figure.verdict, expected, "{better:?}, {before} to {after}");
            assert_eq!(figure.ratio.is_none(), before == 0.0, "nothing is a multiple of 0");
        }
    }

    #[test]
    fn a_figure_that_is_missing_is_neither() {
        for (before, after) in [(None, Some(1.0)), (Some(1.0), None), (Some(f64::NAN), Some(1.0))] {
            let figure = Figure::of("figure", "", Better::Lower, before, after);
            assert_eq!((figure.ratio, figure.verdict), (None, Verdict::Unknown));
        }
    }
}
