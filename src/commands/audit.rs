//! `flotilla audit`

use anyhow::Result;
use flotilla_admin::api::{AuditQuery, AuditView, Page};

use super::audit_chain::{Verified, export, verify_cluster, verify_file};
use super::call;
use crate::cli::AuditCommand;
use crate::connection::connect;
use crate::output::{Format, answer, or_dash, table};
use crate::watch;

pub(super) async fn run(command: AuditCommand, format: Format) -> Result<()> {
    match command {
        AuditCommand::List { connection, watch, who, operation, subject, since, until, limit, cursor } => {
            let query = AuditQuery { limit: Some(limit as usize), cursor, who, operation, subject, since, until };
            let client = connect(&connection)?;
            watch::show(&watch, format, &client, async || call(client.audit_log(&query).await), rows).await
        }
        AuditCommand::Export { connection, after, out } => export(&connect(&connection)?, after, out.as_deref()).await,
        AuditCommand::Verify { connection, file, newest } => {
            let verified = match file {
                Some(file) => verify_file(&file)?,
                None => verify_cluster(&connect(&connection)?).await?,
            };
            verified.require_newest(newest.as_deref())?;
            answer(format, &verified, Verified::text)
        }
        AuditCommand::Show { connection, id } => {
            let row = call(connect(&connection)?.audit_row(id).await)?;
            answer(format, &row, one)
        }
    }
}

fn rows(page: &Page<AuditView>) -> String {
    let line = |row: &AuditView| {
        [
            row.id.to_string(),
            row.at.to_string(),
            row.who.clone(),
            row.operation.clone(),
            row.subject.clone(),
            or_dash(row.before.as_ref()),
            or_dash(row.after.as_ref()),
        ]
    };
    let mut text = table(["id", "at", "who", "operation", "subject", "before", "after"], page.items.iter().map(line));
    if let Some(cursor) = page.next_cursor {
        text.push_str(&format!("\n\nMore: --cursor {cursor}"));
    }
    text
}

fn one(row: &AuditView) -> String {
    format!(
        "row        {}\nat         {}\nwho        {} from {}, by {}\noperation  {}\nsubject    {}\nbefore     {}\nafter      {}",
        row.id,
        row.at,
        row.who,
        row.remote,
        or_dash(row.credential.as_ref()),
        row.operation,
        row.subject,
        or_dash(row.before.as_ref()),
        or_dash(row.after.as_ref())
    )
}
