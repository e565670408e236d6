//! `flotilla account session`, `flotilla account upload`

use anyhow::Result;
use flotilla_admin::api::{PartnerSessionView, UploadView};

use super::call;
use crate::cli::{AccountSessionCommand, AccountUploadCommand};
use crate::connection::connect;
use crate::output::{Format, answer, bytes, or_dash, table};

pub(super) async fn sessions(command: AccountSessionCommand, format: Format) -> Result<()> {
    match command {
        AccountSessionCommand::List { connection, name } => {
            let rows = call(connect(&connection)?.account_sessions(&name).await)?;
            answer(format, &rows, |rows| list_sessions(rows))
        }
        AccountSessionCommand::End { connection, name, id } => {
            let done = call(connect(&connection)?.end_account_session(&name, &id).await)?;
            answer(format, &done, |_| format!("session {id} of {name} is ended"))
        }
    }
}

pub(super) async fn uploads(command: AccountUploadCommand, format: Format) -> Result<()> {
    match command {
        AccountUploadCommand::List { connection, name } => {
            let rows = call(connect(&connection)?.account_uploads(&name).await)?;
            answer(format, &rows, |rows| list_uploads(rows))
        }
        AccountUploadCommand::Cancel { connection, name, id } => {
            let done = call(connect(&connection)?.cancel_account_upload(&name, &id).await)?;
            answer(format, &done, |_| format!("upload {id} of {name} is given up"))
        }
    }
}

fn list_sessions(rows: &[PartnerSessionView]) -> String {
    let line = |row: &PartnerSessionView| {
        [
            row.id.clone(),
            row.created_at.to_string(),
            row.expires_at.to_string(),
            row.remote.clone(),
            row.user_agent.clone(),
        ]
    };
    table(["session", "since", "until", "from", "browser"], rows.iter().map(line))
}

fn list_uploads(rows: &[UploadView]) -> String {
    let line = |row: &UploadView| {
        [
            row.id.clone(),
            row.path.clone(),
            format!("{} of {}", bytes(row.received_bytes), bytes(row.size_bytes)),
            row.created_at.to_string(),
            row.expires_at.to_string(),
            or_dash(row.transfer),
        ]
    };
    table(["upload", "file", "received", "since", "until", "transfer"], rows.iter().map(line))
}
