//! `flotilla account`

use anyhow::{Result, ensure};
use flotilla_admin::api::{AccountChange, AccountView};

use super::added::Added;
use super::{account_activity, call};
use crate::cli::{AccountArguments, AccountCommand};
use crate::connection::{connect, read_line};
use crate::output::{Format, answer, bytes, or_dash, table};
use crate::watch;

fn change(arguments: &AccountArguments) -> Result<AccountChange> {
    let quota = |limit: Option<u64>| limit.map(|limit| (limit > 0).then_some(limit));
    Ok(AccountChange {
        password: if arguments.password_stdin { Some(read_line("the password")?) } else { None },
        is_enabled: None,
        quota_bytes: quota(arguments.quota_bytes),
        quota_files: quota(arguments.quota_files),
    })
}

pub(super) async fn run(command: AccountCommand, format: Format) -> Result<()> {
    match command {
        AccountCommand::List { connection, watch } => {
            let client = connect(&connection)?;
            watch::show(&watch, format, &client, async || call(client.accounts().await), |rows| list(rows)).await
        }
        AccountCommand::Show { connection, name } => {
            let row = call(connect(&connection)?.account(&name).await)?;
            answer(format, &row, one)
        }
        AccountCommand::Add { connection, name, change: arguments } => {
            let client = connect(&connection)?;
            let mut change = change(&arguments)?;
            let added = Added::with_password(&name, change.password.take())?;
            change.password = Some(added.chosen.clone());
            // Version 0: only if there is none of that name.
            added.answer("account", client.put_account(&name, &change, Some(0)).await)?;
            answer(format, &added, |added| added.text("account"))
        }
        AccountCommand::Set { connection, name, change: arguments, enable, disable } => {
            let client = connect(&connection)?;
            let mut change = change(&arguments)?;
            change.is_enabled = if enable || disable { Some(enable) } else { None };
            ensure!(change != AccountChange::default(), "nothing to change: see 'flotilla account set --help'");
            let exists = call(client.accounts().await)?.iter().any(|row| row.name == name);
            ensure!(exists, "there is no account {name:?}: make it with 'flotilla account add'");
            let done = call(client.put_account(&name, &change, None).await)?;
            answer(format, &done, |_| format!("account {name} is changed"))
        }
        AccountCommand::Session(command) => account_activity::sessions(command, format).await,
        AccountCommand::Upload(command) => account_activity::uploads(command, format).await,
        AccountCommand::Remove { connection, name } => {
            let done = call(connect(&connection)?.delete_account(&name).await)?;
            answer(format, &done, |_| format!("account {name} is removed"))
        }
    }
}

fn list(rows: &[AccountView]) -> String {
    let line = |row: &AccountView| {
        [
            row.name.clone(),
            if row.is_enabled { "enabled".to_owned() } else { "disabled".to_owned() },
            row.used_files.to_string(),
            bytes(row.used_bytes),
            or_dash(row.quota_files),
            or_dash(row.quota_bytes.map(bytes)),
        ]
    };
    table(["account", "state", "files", "bytes", "quota of files", "quota of bytes"], rows.iter().map(line))
}

fn one(row: &AccountView) -> String {
    format!(
        "account   {}\nstate     {}\nmade      {}\nfiles     {} of {}\nbytes     {} of {}\nversion   {}",
        row.name,
        if row.is_enabled { "enabled" } else { "disabled" },
        row.created_at,
        row.used_files,
        quota(row.quota_files),
        bytes(row.used_bytes),
        quota(row.quota_bytes.map(bytes)),
        row.version,
    )
}

fn quota(limit: Option<impl ToString>) -> String {
    limit.map_or_else(|| "any number".to_owned(), |limit| limit.to_string())
}
