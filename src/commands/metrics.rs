//! `flotilla metrics`: OpenMetrics as it is, or each sample as JSON.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use flotilla_admin::api::Page;
use serde::Serialize;

use super::call;
use crate::cli::MetricsArguments;
use crate::connection::connect;
use crate::output::{Format, answer, print};

/// One line of the text.
#[derive(Debug, PartialEq, Serialize)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

pub(super) async fn run(arguments: &MetricsArguments, format: Format) -> Result<()> {
    let text = call(connect(&arguments.connection)?.metrics().await)?;
    let search = arguments.search.as_deref().unwrap_or_default();
    match format {
        Format::Text => print(&selected(&text, search)),
        Format::Json => {
            let lines = text.lines().filter(|line| !line.starts_with('#') && name_of(line).contains(search));
            let read = |line: &str| sample(line).with_context(|| format!("the node measured something else: {line}"));
            let items = lines.map(read).collect::<Result<Vec<_>>>()?;
            answer(format, &Page { items, next_cursor: None }, |_| String::new())
        }
    }
}

/// The lines about metrics whose name contains the text; all of it for no text.
fn selected(text: &str, search: &str) -> String {
    let is_meant = |line: &&str| search.is_empty() || name_of(line).contains(search);
    text.lines().filter(is_meant).map(|line| format!("{line}\n")).collect()
}

/// Of a sample, or of a line that describes one: `# HELP name …`.
fn name_of(line: &str) -> &str {
    let name = match line.strip_prefix("# ") {
        Some(described) => described.split(' ').nth(1).unwrap_or_default(),
        None => line,
    };
    name.split(['{', ' ']).next().unwrap_or_default()
}

/// `name{label="value"} 7`, without a time and an exemplar.
fn sample(line: &str) -> Option<Sample> {
    let name = name_of(line);
    let rest = &line[name.len()..];
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (BTreeMap::new(), rest),
    };
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some(Sample { name: name.to_owned(), labels, value })
}

/// What stands up to the closing brace, and what follows it.
fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, quoted) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut chars = quoted.char_indices();
        let end = loop {
            match chars.next()? {
                (at, '"') => break at,
                (_, '\\') => value.push(match chars.next()?.1 {
                    'n' => '\n',
                    other => other,
                }),
                (_, other) => value.push(other),
            }
        };
        labels.insert(name.to_owned(), value);
        rest = &quoted[end + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read() {
        let read = |line: &str| sample(line).map(|sample| (sample.name, sample.labels, sample.value));
        let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(read("flotilla_ready 1"), Some(("flotilla_ready".to_owned(), labels(&[]), 1.0)));
        let line = r#"flotilla_x_bucket{le="+Inf",lane="a \"b\" \\ c"} 2.5 # {id="1"} 3"#;
        let wanted = labels(&[("le", "+Inf"), ("lane", r#"a "b" \ c"#)]);
        assert_eq!(read(line), Some(("flotilla_x_bucket".to_owned(), wanted, 2.5)));
        for wrong in ["flotilla_x", "flotilla_x{le=\"1", "flotilla_x{le} 1", "flotilla_x seven"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_part_of_a_name_selects_with_what_is_said_of_it() {
        let text =
            "# HELP flotilla_ready Ready.\n# TYPE flotilla_ready gauge\nflotilla_ready 1\nflotilla_term 3\n# EOF\n";
        assert_eq!(selected(text, ""), text);
        assert_eq!(selected(text, "term"), "flotilla_term 3\n");
        assert_eq!(selected(text, "ready").lines().count(), 3);
    }
}
