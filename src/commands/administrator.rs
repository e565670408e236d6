//! `flotilla admin`

use anyhow::Result;
use flotilla_admin::api::{AdministratorChange, AdministratorView};
use flotilla_model::AdministratorRole;
use serde::Deserialize;
use serde::de::IntoDeserializer;

use super::added::Added;
use super::{administrator_certificate, call, second_factor};
use crate::cli::AdministratorCommand;
use crate::connection::{connect, read_line};
use crate::exit::{USAGE, coded};
use crate::output::{Format, answer, table};

/// The role that people call so.
pub(super) fn named_role(name: &str) -> Result<AdministratorRole> {
    let role: Result<_, serde::de::value::Error> = Deserialize::deserialize(name.into_deserializer());
    Ok(role?)
}

/// Whom a delegate looks after; nobody else looks after named accounts.
fn of_delegate(role: &str, accounts: Vec<String>) -> Result<Option<Vec<String>>> {
    match (role, accounts.is_empty()) {
        ("delegate", true) => Err(coded(USAGE, "name the accounts that the delegate looks after: --account NAME")),
        ("delegate", false) => Ok(Some(accounts)),
        (_, true) => Ok(None),
        _ => Err(coded(USAGE, "--account is for --role delegate")),
    }
}

fn given(password_stdin: bool) -> Result<Option<String>> {
    if password_stdin { read_line("the password").map(Some) } else { Ok(None) }
}

pub(super) async fn run(command: AdministratorCommand, format: Format) -> Result<()> {
    match command {
        AdministratorCommand::List { connection } => {
            let rows = call(connect(&connection)?.administrators().await)?;
            answer(format, &rows, |rows| list(rows))
        }
        AdministratorCommand::Show { connection, name } => {
            let row = call(connect(&connection)?.administrator(&name).await)?;
            answer(format, &row, one)
        }
        AdministratorCommand::Add { connection, name, role, accounts, password_stdin, must_change } => {
            let accounts = of_delegate(&role, accounts)?;
            let client = connect(&connection)?;
            let exists = call(client.administrators().await)?.iter().any(|row| row.name == name);
            anyhow::ensure!(!exists, "there is an administrator {name:?} already: see 'flotilla admin password'");
            let added = Added::with_password(&name, given(password_stdin)?)?;
            let role = Some(named_role(&role)?);
            let change = AdministratorChange {
                password: Some(added.chosen.clone()),
                role,
                accounts,
                must_change_password: must_change.then_some(true),
            };
            call(client.put_administrator(&name, &change).await)?;
            answer(format, &added, |added| added.text("administrator"))
        }
        AdministratorCommand::Password { connection, name, password_stdin, must_change } => {
            let client = connect(&connection)?;
            let exists = call(client.administrators().await)?.iter().any(|row| row.name == name);
            anyhow::ensure!(exists, "there is no administrator {name:?}: make one with 'flotilla admin add'");
            let added = Added::with_password(&name, given(password_stdin)?)?;
            let change = AdministratorChange {
                password: Some(added.chosen.clone()),
                must_change_password: must_change.then_some(true),
                ..AdministratorChange::default()
            };
            call(client.put_administrator(&name, &change).await)?;
            answer(format, &added, |added| added.text("administrator"))
        }
        AdministratorCommand::Role { connection, name, role, accounts } => {
            let accounts = of_delegate(&role, accounts)?;
            let client = connect(&connection)?;
            let exists = call(client.administrators().await)?.iter().any(|row| row.name == name);
            anyhow::ensure!(exists, "there is no administrator {name:?}: make one with 'flotilla admin add'");
            let change = AdministratorChange {
                password: None,
                role: Some(named_role(&role)?),
                accounts,
                ..AdministratorChange::default()
            };
            let done = call(client.put_administrator(&name, &change).await)?;
            answer(format, &done, |_| format!("administrator {name} has the role {role}"))
        }
        AdministratorCommand::Unlock { connection, name } => {
            let done = call(connect(&connection)?.unlock_administrator(&name).await)?;
            answer(format, &done, |_| format!("administrator {name} may log in again"))
        }
        AdministratorCommand::Disable { connection, name } => {
            let done = call(connect(&connection)?.set_administrator_enabled(&name, false).await)?;
            answer(format, &done, |_| {
                format!("administrator {name} is shut out; their sessions and API tokens are over")
            })
        }
        AdministratorCommand::Enable { connection, name } => {
            let done = call(connect(&connection)?.set_administrator_enabled(&name, true).await)?;
            answer(format, &done, |_| format!("administrator {name} may log in again"))
        }
        AdministratorCommand::Certificate(command) => administrator_certificate::run(command, format).await,
        AdministratorCommand::SecondFactor(command) => second_factor::run(command, format).await,
        AdministratorCommand::Remove { connection, name } => {
            let done = call(connect(&connection)?.delete_administrator(&name).await)?;
            answer(format, &done, |_| format!("administrator {name} is removed"))
        }
    }
}

fn list(rows: &[AdministratorView]) -> String {
    let line = |row: &AdministratorView| [row.name.clone(), role(row), log_in(row).to_owned(), standing(row)];
    table(["administrator", "role", "log-in", ""], rows.iter().map(line))
}

fn role(row: &AdministratorView) -> String {
    match &row.accounts {
        Some(accounts) => format!("{} of {}", row.role.name(), accounts.join(", ")),
        None => row.role.name().to_owned(),
    }
}

fn log_in(row: &AdministratorView) -> &'static str {
    if row.has_second_factor { "password and code" } else { "password" }
}

/// Nothing, if all is well.
fn standing(row: &AdministratorView) -> String {
    if !row.is_enabled {
        "disabled".to_owned()
    } else if let Some(end) = row.locked_until {
        format!("locked until {end}")
    } else if row.must_change_password {
        "has to change the password".to_owned()
    } else {
        String::new()
    }
}

fn one(row: &AdministratorView) -> String {
    let standing = standing(row);
    let standing = if standing.is_empty() { "may log in".to_owned() } else { standing };
    format!(
        "administrator  {}\nrole           {}\nlog-in         {}\nstate          {standing}",
        row.name,
        role(row),
        log_in(row)
    )
}
