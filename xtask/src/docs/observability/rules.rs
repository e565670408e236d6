//! The file of alerting and recording rules, as Prometheus reads it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::catalogue::Catalogue;

const SEVERITIES: [&str; 2] = ["critical", "warning"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    #[serde(rename = "name")]
    _name: String,
    rules: Vec<Rule>,
}

/// An alert or a record.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    alert: Option<String>,
    record: Option<String>,
    expr: String,
    #[serde(rename = "for")]
    _for: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// An alert and the page that it names.
pub(super) struct Alert<'a> {
    pub(super) name: &'a str,
    pub(super) runbook: &'a str,
}

pub(super) fn parse(text: &str) -> Result<Vec<Rule>> {
    let file: File = serde_saphyr::from_str(text).context("alerts.yml is no file of rules")?;
    Ok(file.groups.into_iter().flat_map(|group| group.rules).collect())
}

pub(super) fn alerts(rules: &[Rule]) -> Vec<Alert<'_>> {
    let named = rules.iter().filter_map(|rule| {
        let runbook = rule.annotations.get("runbook_url").map_or("", String::as_str);
        rule.alert.as_deref().map(|name| Alert { name, runbook })
    });
    named.collect()
}

/// What the rules lack. What they record is known from then on.
pub(super) fn problems(rules: &[Rule], catalogue: &mut Catalogue) -> Vec<String> {
    rules.iter().filter_map(|rule| rule.record.as_deref()).for_each(|name| catalogue.add_recorded(name));
    let mut problems = Vec::new();
    for rule in rules {
        let name = match (&rule.alert, &rule.record) {
            (Some(name), None) => {
                problems.extend(lacking(rule).into_iter().map(|what| format!("alerts.yml: {name} lacks {what}")));
                name
            }
            (None, Some(name)) => name,
            _ => {
                problems.push(format!("alerts.yml: neither an alert nor a record: {}", rule.expr));
                continue;
            }
        };
        let unknown = catalogue.unknown_in(&rule.expr);
        problems.extend(unknown.into_iter().map(|what| format!("alerts.yml: {name}: {what}")));
    }
    problems
}

fn lacking(rule: &Rule) -> Vec<String> {
    let mut lacking = Vec::new();
    if !rule.labels.get("severity").is_some_and(|severity| SEVERITIES.contains(&severity.as_str())) {
        lacking.push(format!("a severity ({})", SEVERITIES.join(", ")));
    }
    let is_empty = |key: &&str| rule.annotations.get(*key).is_none_or(|text| text.trim().is_empty());
    lacking.extend(["summary", "description", "runbook_url"].iter().copied().filter(is_empty).map(str::to_owned));
    lacking
}
