//! `flotilla param`

mod history;
mod transfer;

use anyhow::Result;
use flotilla_admin::Client;
use flotilla_admin::api::{Done, NodeId, ParameterView};

use super::call;
use crate::cli::ParameterCommand;
use crate::connection::connect;
use crate::output::{Format, answer, or_dash, table};
use crate::watch;

pub(super) async fn run(command: ParameterCommand, format: Format) -> Result<()> {
    match command {
        ParameterCommand::List { connection, watch, search } => {
            let client = connect(&connection)?;
            let search = search.unwrap_or_default().to_lowercase();
            let ask = async || {
                let mut rows = call(client.parameters().await)?;
                rows.retain(|row| row.name.to_lowercase().contains(&search));
                Ok(rows)
            };
            watch::show(&watch, format, &client, ask, |rows| list(rows)).await
        }
        ParameterCommand::Get { connection, name, node } => {
            let row = call(connect(&connection)?.parameter_of(node.map(NodeId), &name).await)?;
            answer(format, &row, one)
        }
        ParameterCommand::Set { connection, name, value, node, expected_version } => {
            let change = Change { node: node.map(NodeId), name: &name, value: Some(&value), expected_version };
            set(&connect(&connection)?, change, format).await
        }
        ParameterCommand::Unset { connection, name, node, expected_version } => {
            let change = Change { node: node.map(NodeId), name: &name, value: None, expected_version };
            set(&connect(&connection)?, change, format).await
        }
        ParameterCommand::History { connection, name, node } => {
            history::show(&connect(&connection)?, &name, node.map(NodeId), format).await
        }
        ParameterCommand::Revert { connection, name, node, to } => {
            history::revert(&connect(&connection)?, &name, node.map(NodeId), to, format).await
        }
        ParameterCommand::Export { connection, all, out } => {
            transfer::export(&connect(&connection)?, all, out.as_deref(), format).await
        }
        ParameterCommand::Import { connection, file, dry_run } => {
            transfer::import(&connect(&connection)?, &file, dry_run, format).await
        }
    }
}

struct Change<'a> {
    node: Option<NodeId>,
    name: &'a str,
    value: Option<&'a str>,
    expected_version: Option<u64>,
}

async fn set(client: &Client, change: Change<'_>, format: Format) -> Result<()> {
    let Change { node, name, value, expected_version } = change;
    let done: Done = call(client.set_parameter_of(node, name, value, expected_version).await)?;
    answer(format, &done, |done| {
        let version = or_dash(done.version);
        match (value, node) {
            (Some(value), None) => format!("{name} = {value} (version {version})"),
            (Some(value), Some(node)) => format!("{name} = {value} on node {node} (version {version})"),
            (None, None) => format!("{name} is at its default again"),
            (None, Some(node)) => format!("{name} has the cluster's value on node {node} again"),
        }
    })
}

fn shown(row: &ParameterView) -> String {
    let value = if row.unit.is_empty() { row.value.clone() } else { format!("{} {}", row.value, row.unit) };
    row.nodes.iter().fold(value, |value, own| format!("{value}, {} on node {}", own.value, own.node))
}

fn list(rows: &[ParameterView]) -> String {
    let line = |row: &ParameterView| [row.name.clone(), shown(row), row.default.clone(), row.help.clone()];
    table(["parameter", "value", "default", "what it is"], rows.iter().map(line))
}

fn one(row: &ParameterView) -> String {
    format!(
        "{}\n  value    {}\n  default  {}\n  range    {}\n  scope    {}\n  version  {}\n  changed  {} {}\n\n{}",
        row.name,
        shown(row),
        row.default,
        row.range,
        row.scope,
        row.version,
        or_dash(row.changed_by.as_ref()),
        or_dash(row.changed_at),
        row.help
    )
}
