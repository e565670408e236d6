//! The pages for those who are woken by an alert: one for each, of one form, with commands that exist.

use std::collections::BTreeMap;

use super::commands::Commands;
use super::rules::Alert;

pub(super) const FOLDER: &str = "docs/runbooks/";
const SECTIONS: [&str; 5] =
    ["## What it means", "## What it costs", "## How to see it", "## What to do", "## When it is over"];

/// `pages` by file name; `index` is the page that has to link to each.
pub(super) fn problems(
    alerts: &[Alert<'_>],
    pages: &BTreeMap<String, String>,
    index: &str,
    commands: &Commands<'_>,
) -> Vec<String> {
    let mut problems = Vec::new();
    for Alert { name, runbook } in alerts {
        match runbook.strip_prefix(FOLDER).and_then(|page| pages.get(page)) {
            None => problems.push(format!("alerts.yml: {name}: its runbook {runbook} is not there")),
            Some(text) if text.lines().next() != Some(&format!("# {name}")) => {
                problems.push(format!("{runbook}: the page of {name} has to begin with its name"));
            }
            Some(_) => {}
        }
    }
    for (page, text) in pages {
        if !alerts.iter().any(|alert| alert.runbook.strip_prefix(FOLDER) == Some(page)) {
            problems.push(format!("{FOLDER}{page}: no alert leads to it"));
        }
        if !index.contains(&format!("](runbooks/{page})")) {
            problems.push(format!("docs/README.md does not link to runbooks/{page}"));
        }
        let lacking = SECTIONS.iter().filter(|section| !text.lines().any(|line| line == **section));
        problems.extend(lacking.map(|section| format!("{FOLDER}{page} lacks the section {section}")));
        problems.extend(commands.unknown_in(text).into_iter().map(|what| format!("{FOLDER}{page}: {what}")));
    }
    problems
}
