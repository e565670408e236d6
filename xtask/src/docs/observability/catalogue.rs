//! The series that the page of the metrics tells of.

use std::collections::{BTreeMap, BTreeSet};

use super::promql::{Selector, selectors};

/// Every series has them: Prometheus sets the first two, and `role` marks witnesses in the scrape configuration.
const OF_THE_TARGET: [&str; 3] = ["job", "instance", "role"];
const TYPES: [&str; 3] = ["gauge", "counter", "histogram"];
const HISTOGRAM_SERIES: [&str; 3] = ["_bucket", "_sum", "_count"];

/// Series by name, with their labels.
pub(super) struct Catalogue(BTreeMap<String, BTreeSet<String>>);

impl Catalogue {
    /// From the rows `| metric | type | unit | labels | meaning |`, and what is wrong with them.
    pub(super) fn of(page: &str) -> (Self, Vec<String>) {
        let mut series = BTreeMap::from([("up".to_owned(), BTreeSet::new())]);
        let mut problems = Vec::new();
        for row in page.lines().filter(|line| line.starts_with("| `flotilla_")) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [metric, kind, unit, labels, meaning] = cells[..] else {
                problems.push(format!("metrics.md: not five cells: {row}"));
                continue;
            };
            let metric = metric.trim_matches('`');
            if !TYPES.contains(&kind) || unit.is_empty() || meaning.is_empty() {
                problems
                    .push(format!("metrics.md: {metric} needs a type ({}), a unit and a meaning", TYPES.join(", ")));
            }
            if (kind == "counter") != metric.ends_with("_total") {
                problems
                    .push(format!("metrics.md: {metric} is called a {kind}; counters end in _total, and they alone"));
            }
            let labels: BTreeSet<String> = labels.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            let names: Vec<String> = match kind {
                "histogram" => HISTOGRAM_SERIES.iter().map(|suffix| format!("{metric}{suffix}")).collect(),
                _ => vec![metric.to_owned()],
            };
            for name in names {
                let mut labels = labels.clone();
                if name.ends_with("_bucket") {
                    labels.insert("le".to_owned());
                }
                if series.insert(name, labels).is_some() {
                    problems.push(format!("metrics.md: {metric} stands there twice"));
                }
            }
        }
        (Self(series), problems)
    }

    /// What a rule records is a series, too.
    pub(super) fn add_recorded(&mut self, name: &str) {
        self.0.insert(name.to_owned(), BTreeSet::new());
    }

    /// What an expression asks for and nobody tells of.
    pub(super) fn unknown_in(&self, expression: &str) -> Vec<String> {
        let asked = selectors(expression);
        if asked.is_empty() {
            return vec![format!("asks for no series: {expression}")];
        }
        asked.iter().flat_map(|selector| self.unknown(selector)).collect()
    }

    fn unknown(&self, Selector { metric, labels }: &Selector<'_>) -> Vec<String> {
        let Some(known) = self.0.get(*metric) else {
            return vec![format!("{metric} is not in metrics.md")];
        };
        let lacks = |label: &&&str| !known.contains(**label) && !OF_THE_TARGET.contains(*label);
        labels.iter().filter(lacks).map(|label| format!("{metric} has no label {label} in metrics.md")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "| `flotilla_ready` | gauge | 1 | – | flag |\n\
                        | `flotilla_runs_total` | counter | 1 | `worker`, `lane` | runs |\n\
                        | `flotilla_wait_seconds` | histogram | s | `kind` | wait |\n";

    #[test]
    fn series_and_labels_that_nobody_tells_of_are_found() {
        let (mut catalogue, problems) = Catalogue::of(PAGE);
        assert!(problems.is_empty(), "{problems:?}");
        catalogue.add_recorded("job:flotilla_runs:rate5m");
        for known in [
            "up{job=\"a\"} == 0",
            "flotilla_runs_total{lane=\"a\",worker=\"1\"}",
            "flotilla_wait_seconds_bucket{kind=\"a\",le=\"1.0\"}",
            "job:flotilla_runs:rate5m > 1",
        ] {
            assert!(catalogue.unknown_in(known).is_empty(), "{known}");
        }
        for (unknown, part) in [
            ("flotila_ready == 0", "flotila_ready is not"),
            ("flotilla_wait_seconds > 1", "flotilla_wait_seconds is not"),
            ("job:flotilla_runs:rate1m", "rate1m is not"),
            ("flotilla_ready{lane=\"a\"}", "no label lane"),
            ("flotilla_wait_seconds_sum{le=\"1.0\"}", "no label le"),
            ("1 > 0", "asks for no series"),
        ] {
            let found = catalogue.unknown_in(unknown);
            assert!(found.len() == 1 && found[0].contains(part), "{unknown}: {found:?}");
        }
    }

    #[test]
    fn rows_that_say_too_little_are_found() {
        for (row, part) in [
            ("| `flotilla_a` | gauge | 1 | – |", "not five cells"),
            ("| `flotilla_a` | number | 1 | – | a |", "needs a type"),
            ("| `flotilla_a` | gauge |  | – | a |", "a unit"),
            ("| `flotilla_a` | counter | 1 | – | a |", "end in _total"),
            ("| `flotilla_a_total` | gauge | 1 | – | a |", "end in _total"),
            ("| `flotilla_ready` | gauge | 1 | – | again |", "twice"),
        ] {
            let (_, problems) = Catalogue::of(&format!("{PAGE}{row}\n"));
            assert!(problems.len() == 1 && problems[0].contains(part), "{row}: {problems:?}");
        }
    }
}
