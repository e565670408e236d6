//! What a run has shown, short enough for the terminal.

use std::fmt::Write;
use std::path::Path;

use super::files;
use super::run::{Check, LoadRecord, Mark, Run};
use super::units::{NOTHING, count, duration, latency, number_or_nothing};
use crate::terminal::{printable, table};

/// The run in a few lines; `dir` is where its report lies. Safe to print: nothing in it steers the terminal.
pub(crate) fn text(run: &Run, dir: Option<&Path>) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(text, "{}: {}", run.scenario, verdict(run));
    if !run.description.is_empty() {
        let _ = writeln!(text, "{}", run.description);
    }
    let _ = writeln!(text, "{}", circumstances(run));
    let _ = writeln!(text, "\n{}", loads(run));
    if !run.checks.is_empty() {
        let _ = writeln!(text, "\nChecks");
        run.checks.iter().for_each(|check| check_line(&mut text, check));
    }
    if !run.marks.is_empty() {
        let _ = writeln!(text, "\nFaults and changes");
        marks(&mut text, &run.marks);
    }
    if let Some(dir) = dir {
        let _ = writeln!(text, "\nReport: {}", dir.join(files::PAGE).display());
    }
    printable(&text)
}

fn verdict(run: &Run) -> String {
    let failed = run.checks.iter().filter(|check| !check.passed).count();
    match run.checks.len() {
        0 => "nothing was checked".to_owned(),
        all if failed == 0 => format!("passed, {all} checks"),
        all => format!("FAILED, {failed} of {all} checks"),
    }
}

fn circumstances(run: &Run) -> String {
    let drain = run.drain_s.map_or(String::new(), |drain| format!(", worked off {} later", duration(drain)));
    format!(
        "{} with seed {}, program {}: {}, the first {} not counted{drain}",
        run.started_at,
        run.seed,
        run.program,
        duration(run.duration_s),
        duration(run.warm_up_s),
    )
}

fn loads(run: &Run) -> String {
    if run.loads.is_empty() {
        return "No load.".to_owned();
    }
    let header = [
        "load",
        "acknowledged",
        "rate/s",
        "MB/s",
        "refused",
        "unknown",
        "not begun",
        "repeated",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
        "gap",
    ];
    table(header, 1, run.loads.iter().map(|load| row(run, load)))
}

fn row(run: &Run, load: &LoadRecord) -> [String; 14] {
    let totals = &load.totals;
    let [p50, p90, p99, p99_9, max] = match &load.latency {
        Some(of) => [of.p50_ms, of.p90_ms, of.p99_ms, of.p99_9_ms, of.max_ms].map(latency),
        None => [NOTHING; 5].map(str::to_owned),
    };
    [
        load.name.clone(),
        count(totals.acknowledged),
        number_or_nothing(run.per_second(totals.acknowledged)),
        number_or_nothing(load.megabytes_per_second(run)),
        count(totals.refused),
        count(totals.unknown),
        count(totals.not_begun),
        count(totals.repeated),
        p50,
        p90,
        p99,
        p99_9,
        max,
        latency(load.longest_gap_ms),
    ]
}

fn check_line(text: &mut String, check: &Check) {
    let word = if check.passed { "ok" } else { "FAILED" };
    let colon = if check.detail.is_empty() { "" } else { ": " };
    let _ = writeln!(text, "  {word:<6}  {}{colon}{}", check.name, check.detail);
}

fn marks(text: &mut String, marks: &[Mark]) {
    let time = |mark: &Mark| match mark.until_s {
        Some(until) => format!("{} to {}", duration(mark.at_s), duration(until)),
        None => duration(mark.at_s),
    };
    let times: Vec<String> = marks.iter().map(time).collect();
    let width = times.iter().map(|time| time.chars().count()).max().unwrap_or(0);
    for (time, mark) in times.iter().zip(marks) {
        let _ = writeln!(text, "  {time:<width$}  {}", mark.text);
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn says_how_it_ended_and_where_the_report_lies() {
        let mut run = sample::run();
        let shown = text(&run, Some(Path::new("runs/1")));
        assert!(shown.starts_with("steady: passed, 2 checks\n"), "{shown}");
        for part in ["94.0", "3.21 s", "30 s to 35 s", "kill -9 node 1", "Report: runs/1/report.html", "the first 10 s"]
        {
            assert!(shown.contains(part), "no {part} in {shown}");
        }
        run.checks[1].passed = false;
        let shown = text(&run, None);
        assert!(shown.starts_with("steady: FAILED, 1 of 2 checks\n"), "{shown}");
        assert!(shown.contains("  FAILED  every event was worked off once: 250,000 events"), "{shown}");
        assert!(!shown.contains("Report:"), "{shown}");
        run.description = "\u{1b}[2J".to_owned();
        assert!(text(&run, None).contains("\\u{1b}[2J"), "nothing steers the terminal");
    }

    #[test]
    fn a_run_without_anything_has_no_figures() {
        let shown = text(&sample::empty(), None);
        assert!(shown.contains("No load.") && !shown.contains("NaN") && !shown.contains("inf"), "{shown}");
        let mut run = sample::run();
        (run.duration_s, run.warm_up_s, run.loads[0].latency) = (0.0, 0.0, None);
        let shown = text(&run, None);
        assert!(!shown.contains("NaN") && !shown.contains("inf"), "{shown}");
    }
}
