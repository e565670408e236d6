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

use flotilla_config::parameters::{self, Scope};
use flotilla_model::NodeId;
use serde::{Deserialize, Serialize};

use crate::api::{BulkParameterChange, ParameterView};

/// Values by name, of the cluster and of single nodes.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterFile {
    #[serde(default)]
    cluster: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    node: BTreeMap<String, BTreeMap<String, String>>,
}

/// A parameter that a file would change.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct PlannedParameter {
    pub name: String,
    pub node: Option<NodeId>,
    /// Empty for a node that has no value of its own.
    pub before: String,
    pub after: String,
    /// Of the row that it changes; 0 of one that is not there.
    #[serde(skip)]
    pub expected_version: u64,
}

impl PlannedParameter {
    /// Refused if somebody else has changed it since.
    pub fn change(&self) -> BulkParameterChange {
        BulkParameterChange {
            name: self.name.clone(),
            node: self.node,
            value: Some(self.after.clone()),
            expected_version: Some(self.expected_version),
        }
    }
}

impl ParameterFile {
    /// What differs from the defaults, or with `all` everything.
    pub fn of(rows: Vec<ParameterView>, all: bool) -> Self {
        let mut file = Self::default();
        for row in rows {
            for own in &row.nodes {
                file.node.entry(own.node.to_string()).or_default().insert(row.name.clone(), own.value.clone());
            }
            if all || !row.is_default {
                file.cluster.insert(row.name, row.value);
            }
        }
        file
    }

    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    pub fn to_text(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// How many values it has.
    pub fn count(&self) -> usize {
        self.cluster.len() + self.node.values().map(BTreeMap::len).sum::<usize>()
    }

    /// What would change, and everything that is wrong.
    pub fn plan(&self, rows: &[ParameterView]) -> (Vec<PlannedParameter>, Vec<String>) {
        let (mut plan, mut problems) = (Vec::new(), Vec::new());
        let of_cluster = self.cluster.iter().map(|(name, value)| (None, name, value));
        let of_nodes = self.node.iter().flat_map(|(node, values)| values.iter().map(move |(n, v)| (Some(node), n, v)));
        for (node, name, value) in of_cluster.chain(of_nodes) {
            match planned(node, name, value, rows) {
                Ok(row) => plan.extend(row),
                Err(problem) => problems.push(problem),
            }
        }
        (plan, problems)
    }
}

fn planned(
    node: Option<&String>,
    name: &str,
    value: &str,
    rows: &[ParameterView],
) -> Result<Option<PlannedParameter>, String> {
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
    let changed = PlannedParameter { name: name.to_owned(), node, before, after, expected_version: version };
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
        let file = ParameterFile::parse(&format!(
            "[cluster]\n\"EventQueue.maxRetryCount\" = \"7\"\n\"{THREADS}\" = \"4\"\n\"EventQueue.maxRetryCont\" = \"1\"\n\
             \"EventQueue.leaseTimeout\" = \"1\"\n[node.2]\n\"{THREADS}\" = \"16\"\n[node.x]\n\"{THREADS}\" = \"16\"\n\
             [node.3]\n\"EventQueue.maxRetryCount\" = \"7\"\n\"{THREADS}\" = \"9\"\n"
        ))
        .unwrap();
        let rows = [row("EventQueue.maxRetryCount", "5"), row(THREADS, "4")];
        let (plan, problems) = file.plan(&rows);
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
}
