//! Parameters as a file: written, compared, set together.
//!
//! ```toml
//! [cluster]
//! "EventQueue.maxRetryCount" = "7"
//!
//! [node.2]
//! "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads" = "16"
//! ```

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use flotilla_admin::Client;
use flotilla_admin::api::{BulkParameterChange, NodeId, ParameterView};
use flotilla_config::parameters::{self, Scope};
use serde::{Deserialize, Serialize};

use crate::commands::call;
use crate::exit::{CHECK_FAILED, USAGE, coded};
use crate::output::{Format, answer, print, table};

/// A file with every parameter for a hundred nodes has less.
const FILE_MAX_BYTES: u64 = 1 << 20;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    cluster: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    node: BTreeMap<String, BTreeMap<String, String>>,
}

impl File {
    fn count(&self) -> usize {
        self.cluster.len() + self.node.values().map(BTreeMap::len).sum::<usize>()
    }
}

/// A parameter that the file would change.
#[derive(Debug, Serialize)]
struct Planned {
    name: String,
    node: Option<NodeId>,
    before: String,
    after: String,
    /// Of the row that it changes; 0 of one that is not there.
    #[serde(skip)]
    expected_version: u64,
}

pub(super) async fn export(client: &Client, all: bool, out: Option<&Path>, format: Format) -> Result<()> {
    let mut file = File::default();
    for row in call(client.parameters().await)? {
        for own in &row.nodes {
            file.node.entry(own.node.to_string()).or_default().insert(row.name.clone(), own.value.clone());
        }
        if all || !row.is_default {
            file.cluster.insert(row.name, row.value);
        }
    }
    let text = toml::to_string(&file)?;
    let Some(out) = out else {
        return if format == Format::Text { print(&text) } else { answer(format, &file, |_| String::new()) };
    };
    std::fs::write(out, text).with_context(|| format!("cannot write {}", out.display()))?;
    answer(format, &file, |file| format!("{} parameters written to {}", file.count(), out.display()))
}

pub(super) async fn import(client: &Client, file: &Path, dry_run: bool, format: Format) -> Result<()> {
    let file = read(file)?;
    let rows = call(client.parameters().await)?;
    let (plan, problems) = plan(&file, &rows);
    if !problems.is_empty() {
        return Err(coded(CHECK_FAILED, format!("nothing was changed:\n  {}", problems.join("\n  "))));
    }
    if !plan.is_empty() {
        let change = |row: &Planned| BulkParameterChange {
            name: row.name.clone(),
            node: row.node,
            value: Some(row.after.clone()),
            expected_version: Some(row.expected_version),
        };
        let changes = plan.iter().map(change).collect();
        // The cluster has the last word in both cases: it knows its members and their certificates.
        call(if dry_run { client.try_parameters(changes).await } else { client.set_parameters(changes).await })?;
    }
    answer(format, &plan, |plan| {
        if plan.is_empty() {
            return "nothing changes: all of it is in force already".to_owned();
        }
        let node = |row: &Planned| row.node.map_or_else(|| "all".to_owned(), |node| node.to_string());
        let lines = plan.iter().map(|row| [row.name.clone(), node(row), row.before.clone(), row.after.clone()]);
        let table = table(["parameter", "node", "before", "after"], lines);
        format!("{table}\n\n{}", if dry_run { "Nothing was changed (--dry-run)." } else { "All of it is in force." })
    })
}

fn read(file: &Path) -> Result<File> {
    let text = if file == Path::new("-") {
        read_whole(std::io::stdin().lock())
    } else {
        std::fs::File::open(file).and_then(read_whole)
    };
    let text = text.with_context(|| format!("cannot read {}", file.display()))?;
    toml::from_str(&text).map_err(|error| coded(USAGE, format!("{}: {error}", file.display())))
}

/// The beginning of a longer file may well be a file that can be read, and would be set as if it were all.
fn read_whole(from: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    let length = from.take(FILE_MAX_BYTES + 1).read_to_string(&mut text)?;
    if length as u64 > FILE_MAX_BYTES {
        return Err(std::io::Error::other(format!("it is longer than {FILE_MAX_BYTES} bytes")));
    }
    Ok(text)
}

/// What would change, and everything that is wrong.
fn plan(file: &File, rows: &[ParameterView]) -> (Vec<Planned>, Vec<String>) {
    let (mut plan, mut problems) = (Vec::new(), Vec::new());
    let of_cluster = file.cluster.iter().map(|(name, value)| (None, name, value));
    let of_nodes = file.node.iter().flat_map(|(node, values)| values.iter().map(move |(n, v)| (Some(node), n, v)));
    for (node, name, value) in of_cluster.chain(of_nodes) {
        match planned(node, name, value, rows) {
            Ok(row) => plan.extend(row),
            Err(problem) => problems.push(problem),
        }
    }
    (plan, problems)
}

fn planned(node: Option<&String>, name: &str, value: &str, rows: &[ParameterView]) -> Result<Option<Planned>, String> {
    let after = parameters::validate(name, value).map_err(|error| error.to_string())?.to_string();
    let node = match node {
        Some(node) => Some(NodeId(node.parse().map_err(|_| format!("[node.{node}]: {node:?} is no node's id"))?)),
        None => None,
    };
    if node.is_some() && parameters::find(name).is_none_or(|parameter| parameter.scope != Scope::ClusterOrNode) {
        return Err(format!("{name}: it has one value for the whole cluster (write it below [cluster])"));
    }
    let row = rows.iter().find(|row| row.name == name);
    let row = row.ok_or_else(|| format!("{name}: the cluster runs a version that does not know it"))?;
    let own = node.and_then(|node| row.nodes.iter().find(|own| own.node == node));
    let (before, version) = match (node, own) {
        (None, _) => (row.value.clone(), row.version),
        (Some(_), Some(own)) => (own.value.clone(), own.version),
        (Some(_), None) => (String::new(), 0),
    };
    let changed = Planned { name: name.to_owned(), node, before, after, expected_version: version };
    Ok((changed.before != changed.after).then_some(changed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREADS: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads";

    fn row(name: &str, value: &str) -> ParameterView {
        serde_json::from_value(serde_json::json!({
            "name": name, "value": value, "default": "5", "is_default": false, "unit": "", "range": "", "scope": "",
            "help": "", "version": 3, "nodes": [{"node": 2, "value": "8", "version": 7}],
        }))
        .unwrap()
    }

    #[test]
    fn a_plan_names_changes_and_every_problem() {
        let file: File = toml::from_str(&format!(
            "[cluster]\n\"EventQueue.maxRetryCount\" = \"7\"\n\"{THREADS}\" = \"4\"\n\"EventQueue.maxRetryCont\" = \"1\"\n\
             \"EventQueue.leaseTimeout\" = \"1\"\n[node.2]\n\"{THREADS}\" = \"16\"\n[node.x]\n\"{THREADS}\" = \"16\"\n\
             [node.3]\n\"EventQueue.maxRetryCount\" = \"7\"\n\"{THREADS}\" = \"9\"\n"
        ))
        .unwrap();
        let rows = [row("EventQueue.maxRetryCount", "5"), row(THREADS, "4")];
        let (plan, problems) = plan(&file, &rows);
        let plan: Vec<_> = plan
            .iter()
            .map(|row| (row.name.as_str(), row.node.map(|node| node.0), row.after.as_str(), row.expected_version))
            .collect();
        assert_eq!(
            plan,
            [("EventQueue.maxRetryCount", None, "7", 3), (THREADS, Some(2), "16", 7), (THREADS, Some(3), "9", 0)]
        );
        let all = problems.join("\n");
        assert_eq!(problems.len(), 4, "{all}");
        for part in
            ["did you mean EventQueue.maxRetryCount", "write 5 to 86400 s", "no node's id", "one value for the whole"]
        {
            assert!(all.contains(part), "{part} is missing in {all}");
        }
    }

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let line = "# a comment\n";
        let lines = usize::try_from(FILE_MAX_BYTES).unwrap() / line.len();
        assert_eq!(read_whole(line.repeat(lines).as_bytes()).unwrap().len(), lines * line.len());
        let error = read_whole(line.repeat(lines + 1).as_bytes()).unwrap_err();
        assert!(error.to_string().contains("longer than 1048576 bytes"), "{error}");
    }
}
