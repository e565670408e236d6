//! The run at a glance.

use std::fmt::Write;

use super::super::run::Run;
use super::super::units::{NOTHING, count, latency, number, number_or_nothing};
use super::text::text;

struct Tile {
    name: &'static str,
    value: String,
    note: String,
    is_bad: bool,
}

impl Tile {
    fn new(name: &'static str, value: String, note: impl Into<String>) -> Self {
        Self { name, value, note: note.into(), is_bad: false }
    }
}

pub(super) fn tiles(run: &Run) -> String {
    let totals = run.totals();
    let megabytes = number_or_nothing(run.per_second(totals.bytes).map(|bytes| bytes / 1e6));
    let tiles = [
        Tile::new("Throughput", number_or_nothing(run.per_second(totals.acknowledged)), "operations/s, all loads"),
        Tile::new("Data", megabytes, "MB/s, all loads"),
        Tile::new("Acknowledged", count(totals.acknowledged), "operations"),
        failed(run),
        highest_p99(run),
        checks(run),
    ];
    let mut html = "<dl class=\"tiles\">\n".to_owned();
    for Tile { name, value, note, is_bad } in &tiles {
        let class = if *is_bad { " class=\"bad\"" } else { "" };
        // Writing to a string does not fail.
        let _ = writeln!(html, "<div{class}><dt>{name}</dt><dd><b>{value}</b><span>{}</span></dd></div>", text(note));
    }
    html.push_str("</dl>\n");
    html
}

fn failed(run: &Run) -> Tile {
    let totals = run.totals();
    let failed = totals.failed().saturating_add(totals.not_begun);
    let tried = totals.acknowledged.saturating_add(failed);
    let note = match 100.0 * failed as f64 / tried.max(1) as f64 {
        0.0 => String::new(),
        share if share < 0.01 => "under 0.01 % of all".to_owned(),
        share => format!("{} % of all", number(share)),
    };
    Tile { is_bad: failed > 0, ..Tile::new("Failed or not begun", count(failed), note) }
}

fn highest_p99(run: &Run) -> Tile {
    let loads = run.loads.iter().filter_map(|load| load.latency.map(|of| (of.p99_ms, &load.name)));
    let (value, note) = match loads.max_by(|(one, _), (other, _)| one.total_cmp(other)) {
        Some((p99, name)) => (latency(p99), format!("of {name}")),
        None => (NOTHING.to_owned(), String::new()),
    };
    Tile::new("Highest p99", value, note)
}

fn checks(run: &Run) -> Tile {
    let passed = run.checks.iter().filter(|check| check.passed).count();
    Tile { is_bad: !run.passed(), ..Tile::new("Checks passed", format!("{passed} of {}", run.checks.len()), "") }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    #[test]
    fn failures_are_a_share_of_what_was_tried() {
        let mut run = sample::run();
        let tile = failed(&run);
        // 2 loads with 7 each, of 4,700 and 235,000.
        assert_eq!((tile.value.as_str(), tile.note.as_str(), tile.is_bad), ("14", "under 0.01 % of all", true));
        run.loads.truncate(1);
        assert_eq!(failed(&run).note, "0.15 % of all");
        assert_eq!((failed(&sample::empty()).note.as_str(), checks(&sample::empty()).is_bad), ("", false));
        assert_eq!((highest_p99(&run).value.as_str(), highest_p99(&run).note.as_str()), ("12.0 ms", "of uploads"));
    }
}
