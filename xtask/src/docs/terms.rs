//! Words of the program that a page written by hand must name: metrics, paths of resources.

use std::path::Path;

use anyhow::{Context, Result};

/// Where words stand in the sources, and as what on a page.
struct Rule {
    /// A file, or a folder of files.
    sources: &'static str,
    /// What surrounds a word there; white space is one space.
    around: (&'static str, &'static str),
    page: &'static str,
    /// What surrounds it on the page.
    shown: (&'static str, &'static str),
}

const METRICS: (&str, &str) = ("crates/admin/src/resources", "docs/reference/metrics.md");

/// What the node's parts measure over time; whether it is a counter, with `_total`, the name does not tell.
const MEASURED: &str = "crates/node/src/metrics";

const RULES: &[Rule] = &[
    Rule { sources: METRICS.0, around: ("gauge(registry, \"", "\""), page: METRICS.1, shown: ("`flotilla_", "`") },
    Rule {
        sources: METRICS.0,
        around: ("counter(registry, \"", "\""),
        page: METRICS.1,
        shown: ("`flotilla_", "_total`"),
    },
    Rule { sources: METRICS.0, around: ("register(\"", "\""), page: METRICS.1, shown: ("`flotilla_", "`") },
    Rule { sources: MEASURED, around: ("counter(\"", "\""), page: METRICS.1, shown: ("`flotilla_", "_total`") },
    Rule { sources: MEASURED, around: ("register(\"", "\""), page: METRICS.1, shown: ("`flotilla_", "") },
    Rule { sources: MEASURED, around: ("encode_descriptor(\"", "\""), page: METRICS.1, shown: ("`flotilla_", "`") },
    Rule {
        sources: "docs/reference/openapi.json",
        around: (" \"/api/v2.0", "\": {"),
        page: "docs/reference/rest.md",
        shown: ("`", "`"),
    },
];

/// Each word that its page does not name.
pub(super) fn missing() -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for Rule { sources, around, page, shown } in RULES {
        let text = std::fs::read_to_string(page).with_context(|| format!("cannot read {page}"))?;
        let source = one_line(&read(Path::new(sources))?);
        let words = words(&source, *around);
        anyhow::ensure!(!words.is_empty(), "{sources} has no words between {around:?}: mend the rule");
        let lacking = words.into_iter().filter(|word| !text.contains(&[shown.0, word, shown.1].concat()));
        problems.extend(lacking.map(|word| format!("{page} lacks {}{word}{} of {sources}", shown.0, shown.1)));
    }
    Ok(problems)
}

fn read(path: &Path) -> Result<String> {
    if !path.is_dir() {
        return std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    }
    let mut text = String::new();
    for entry in std::fs::read_dir(path)? {
        text.push_str(&std::fs::read_to_string(entry?.path())?);
    }
    Ok(text)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(")
}

/// What stands between the two, if it is one word.
fn words<'a>(text: &'a str, (before, after): (&str, &str)) -> Vec<&'a str> {
    let rests = text.match_indices(before).map(|(start, _)| &text[start + before.len()..]);
    rests
        .filter_map(|rest| rest.split_once('"').filter(|_| rest.contains(after)))
        .filter(|(word, rest)| !word.contains(' ') && ["\"", rest].concat().starts_with(after))
        .map(|(word, _)| word)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_over_lines() {
        let source = one_line(
            "gauge(\n  registry,\n  \"members_up\",\n  \"Members that run\");\ngauge(registry, \"files\", \"a b\")",
        );
        assert_eq!(words(&source, ("gauge(registry, \"", "\"")), ["members_up", "files"]);
        let arms = one_line("match code {\n  \"no-name\" => \"There is no name\",\n  _ => \"The rest\",\n}");
        assert_eq!(words(&arms, (" \"", "\" => \"")), ["no-name"]);
    }
}
