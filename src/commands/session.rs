//! `flotilla session`

use anyhow::Result;
use flotilla_admin::api::SessionView;

use super::call;
use crate::cli::SessionCommand;
use crate::connection::connect;
use crate::output::{Format, answer, table};
use crate::watch;

pub(super) async fn run(command: SessionCommand, format: Format) -> Result<()> {
    match command {
        SessionCommand::List { connection, watch } => {
            let client = connect(&connection)?;
            watch::show(&watch, format, &client, async || call(client.sessions().await), |rows| list(rows)).await
        }
        SessionCommand::End { connection, id } => {
            let done = call(connect(&connection)?.end_session(&id).await)?;
            answer(format, &done, |_| format!("session {id} is ended"))
        }
    }
}

fn list(rows: &[SessionView]) -> String {
    let line = |row: &SessionView| {
        [
            row.id.clone(),
            row.administrator.clone(),
            row.created_at.to_string(),
            row.expires_at.to_string(),
            row.remote.clone(),
            row.user_agent.clone(),
        ]
    };
    table(["session", "administrator", "since", "until", "from", "with"], rows.iter().map(line))
}
