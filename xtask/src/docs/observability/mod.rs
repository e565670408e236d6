//! Alerts, dashboard and runbooks: that they speak of what there is, and lead to each other.

mod catalogue;
mod commands;
mod dashboard;
mod promql;
mod rules;
mod runbooks;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use catalogue::Catalogue;
use commands::Commands;

/// The files that belong together.
struct Files {
    metrics: String,
    alerts: String,
    dashboard: String,
    /// By file name.
    runbooks: BTreeMap<String, String>,
    index: String,
    command_line: String,
}

/// Everything that does not fit together.
pub(super) fn problems() -> Result<Vec<String>> {
    Files::read()?.problems()
}

impl Files {
    fn read() -> Result<Self> {
        let mut runbooks = BTreeMap::new();
        for entry in std::fs::read_dir(runbooks::FOLDER).context("cannot read the runbooks")? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            runbooks.insert(name, read(&path.to_string_lossy())?);
        }
        Ok(Self {
            metrics: read("docs/reference/metrics.md")?,
            alerts: read("docs/observability/alerts.yml")?,
            dashboard: read("docs/observability/grafana.json")?,
            runbooks,
            index: read("docs/README.md")?,
            command_line: read("docs/reference/command-line.md")?,
        })
    }

    fn problems(&self) -> Result<Vec<String>> {
        let (mut catalogue, mut problems) = Catalogue::of(&self.metrics);
        let rules = rules::parse(&self.alerts)?;
        problems.extend(rules::problems(&rules, &mut catalogue));
        problems.extend(dashboard::problems(&self.dashboard, &catalogue)?);
        let commands = Commands::of(&self.command_line);
        problems.extend(runbooks::problems(&rules::alerts(&rules), &self.runbooks, &self.index, &commands));
        Ok(problems)
    }
}

fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}
