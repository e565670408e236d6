//! The difference for people.

use std::fmt::Write;

use super::super::units::{NOTHING, count, number, number_or_nothing};
use super::compare::{Difference, Side, Subject};
use super::figure::Figure;
use crate::terminal::{printable, table};

/// A table of all figures, and below it what it does not say.
pub(super) fn text(difference: &Difference) -> String {
    let Difference { before, after, warnings, loads, nodes } = difference;
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(text, "before  {}", name(before));
    let _ = writeln!(text, "after   {}", name(after));
    for warning in warnings {
        let _ = writeln!(text, "warning: {warning}");
    }
    let rows: Vec<_> = loads.iter().chain(nodes).flat_map(rows).collect();
    let header = ["", "figure", "unit", "before", "after", "ratio", ""];
    let shown = if rows.is_empty() { "The runs have nothing in common.".to_owned() } else { table(header, 3, rows) };
    let _ = writeln!(text, "\n{shown}");
    for (side, when) in [(before, "before"), (after, "after")] {
        if !side.only_here.is_empty() {
            let _ = writeln!(text, "only {when}: {}", side.only_here.join(", "));
        }
    }
    printable(&text)
}

fn name(side: &Side) -> String {
    let verdict = if side.passed { "" } else { ", FAILED" };
    format!("{} of {}, program {}{verdict}", side.scenario, side.started_at, side.program)
}

/// The subject's name stands in its first row only.
fn rows(subject: &Subject) -> Vec<[String; 7]> {
    let row = |(index, figure): (usize, &Figure)| {
        let name = if index == 0 { subject.name.clone() } else { String::new() };
        let ratio = figure.ratio.map_or_else(|| NOTHING.to_owned(), |ratio| format!("{}×", number(ratio)));
        [
            name,
            figure.name.to_owned(),
            figure.unit.to_owned(),
            value(figure, figure.before),
            value(figure, figure.after),
            ratio,
            figure.verdict.word().to_owned(),
        ]
    };
    subject.figures.iter().enumerate().map(row).collect()
}

/// What has no unit is counted: no fractions.
fn value(figure: &Figure, value: Option<f64>) -> String {
    match value {
        Some(value) if figure.unit.is_empty() => count(value as u64),
        _ => number_or_nothing(value),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::super::compare::difference;
    use super::*;

    #[test]
    fn figures_warnings_and_what_is_missing() {
        let (before, mut after) = (sample::run(), sample::run());
        after.seed = 8;
        after.loads[0].latency.as_mut().unwrap().p50_ms = 2.0;
        after.loads[1].name = "messages".to_owned();
        after.checks[0].passed = false;
        let shown = text(&difference(&before, &after));
        for part in [
            "before  steady of 2026-01-02T03:04:05Z, program 0.1.0\n",
            "after   steady of 2026-01-02T03:04:05Z, program 0.1.0, FAILED\n",
            "warning: the seeds differ: 7 before, 8 after\n",
            "0.50×   better",
            "only before: events\n",
            "only after: messages\n",
        ] {
            assert!(shown.contains(part), "no {part:?} in {shown}");
        }
    }

    #[test]
    fn nothing_in_common() {
        let shown = text(&difference(&sample::empty(), &sample::empty()));
        assert!(shown.contains("The runs have nothing in common."), "{shown}");
    }
}
