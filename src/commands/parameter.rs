//! `flotilla param`

use anyhow::Result;
use flotilla_admin::Client;
use flotilla_admin::api::{Done, ParameterView};

use super::call;
use crate::cli::ParameterCommand;
use crate::connection::connect;
use crate::output::{Format, answer, or_dash, table};

pub(super) async fn run(command: ParameterCommand, format: Format) -> Result<()> {
    match command {
        ParameterCommand::List { connection, search } => {
            let mut rows = call(connect(&connection)?.parameters().await)?;
            if let Some(search) = search {
                let search = search.to_lowercase();
                rows.retain(|row| row.name.to_lowercase().contains(&search));
            }
            answer(format, &rows, |rows| list(rows))
        }
        ParameterCommand::Get { connection, name } => {
            let row = call(connect(&connection)?.parameter(&name).await)?;
            answer(format, &row, one)
        }
        ParameterCommand::Set { connection, name, value, expected_version } => {
            set(&connect(&connection)?, &name, Some(&value), expected_version, format).await
        }
        ParameterCommand::Reset { connection, name } => set(&connect(&connection)?, &name, None, None, format).await,
    }
}

async fn set(client: &Client, name: &str, value: Option<&str>, version: Option<u64>, format: Format) -> Result<()> {
    let done: Done = call(client.set_parameter(name, value, version).await)?;
    answer(format, &done, |done| match value {
        Some(value) => format!("{name} = {value} (version {})", or_dash(done.version)),
        None => format!("{name} is at its default again"),
    })
}

fn shown(row: &ParameterView) -> String {
    if row.unit.is_empty() { row.value.clone() } else { format!("{} {}", row.value, row.unit) }
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
