//! What a parameter was, and the way back to it.

use anyhow::Result;
use flotilla_admin::Client;
use flotilla_admin::api::{NodeId, ParameterVersionView};

use super::{Change, set};
use crate::commands::call;
use crate::exit::{CHECK_FAILED, coded};
use crate::output::{Format, answer, table};

pub(super) async fn show(client: &Client, name: &str, node: Option<NodeId>, format: Format) -> Result<()> {
    let rows = call(client.parameter_history(node, name).await)?;
    answer(format, &rows, |rows| {
        let line = |row: &ParameterVersionView| {
            let value = row.value.clone().unwrap_or_else(|| "(default)".to_owned());
            [row.version.to_string(), row.changed_at.to_string(), row.changed_by.clone(), value]
        };
        table(["version", "at", "who", "value"], rows.iter().map(line))
    })
}

/// With nothing older in the history it goes back to the default.
pub(super) async fn revert(
    client: &Client,
    name: &str,
    node: Option<NodeId>,
    to: Option<u64>,
    format: Format,
) -> Result<()> {
    let rows = call(client.parameter_history(node, name).await)?;
    let value = match to {
        Some(version) => rows.iter().find(|row| row.version == version).ok_or_else(|| {
            coded(CHECK_FAILED, format!("{name} has no version {version}: see 'flotilla param history {name}'"))
        })?,
        None if rows.is_empty() => return Err(coded(CHECK_FAILED, format!("{name} was never changed"))),
        None => match rows.get(1) {
            Some(row) => row,
            None => return set(client, Change { node, name, value: None, expected_version: None }, format).await,
        },
    };
    // Only from what was looked at: somebody's change meanwhile is not thrown away.
    let current = call(client.parameter_of(node, name).await)?;
    let expected_version = Some(current.version).filter(|version| *version > 0);
    set(client, Change { node, name, value: value.value.as_deref(), expected_version }, format).await
}
