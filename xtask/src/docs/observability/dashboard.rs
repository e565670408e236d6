//! The dashboard, as Grafana imports it.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use super::catalogue::Catalogue;

/// What the importing Grafana puts in the place of its own data source.
const DATA_SOURCE: &str = "${datasource}";
const VARIABLES: [&str; 3] = ["datasource", "job", "instance"];

pub(super) fn problems(text: &str, catalogue: &Catalogue) -> Result<Vec<String>> {
    let dashboard: Value = serde_json::from_str(text).context("grafana.json is no JSON")?;
    let mut problems = Vec::new();
    let variables: Vec<&Value> = list(&dashboard["templating"]["list"]).collect();
    for name in VARIABLES {
        if !variables.iter().any(|variable| variable["name"] == name) {
            problems.push(format!("grafana.json: there is no variable {name}"));
        }
    }
    for query in variables.iter().filter_map(|variable| variable["query"]["query"].as_str()) {
        // label_values(series, label)
        let series = query.trim_start_matches("label_values(").rsplit_once(',').map_or(query, |(series, _)| series);
        problems.extend(catalogue.unknown_in(series).into_iter().map(|what| format!("grafana.json: {query}: {what}")));
    }
    let mut ids = BTreeSet::new();
    for panel in list(&dashboard["panels"]) {
        let title = panel["title"].as_str().unwrap_or("a panel without a title");
        if !ids.insert(panel["id"].as_u64()) {
            problems.push(format!("grafana.json: {title}: another panel has its id"));
        }
        if panel["type"] != "row" {
            problems
                .extend(of_panel(panel, catalogue).into_iter().map(|what| format!("grafana.json: {title}: {what}")));
        }
    }
    Ok(problems)
}

fn of_panel(panel: &Value, catalogue: &Catalogue) -> Vec<String> {
    let mut problems = Vec::new();
    if panel["fieldConfig"]["defaults"]["unit"].as_str().is_none_or(str::is_empty) {
        problems.push("it has no unit".to_owned());
    }
    if panel["datasource"]["uid"] != DATA_SOURCE {
        problems.push(format!("its data source is not {DATA_SOURCE}"));
    }
    let expressions: Vec<&str> = list(&panel["targets"]).filter_map(|target| target["expr"].as_str()).collect();
    if expressions.is_empty() {
        problems.push("it shows nothing".to_owned());
    }
    problems.extend(expressions.into_iter().flat_map(|expression| catalogue.unknown_in(expression)));
    problems
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
