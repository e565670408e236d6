//! `flotilla servers`

use anyhow::Result;
use flotilla_admin::api::ServerView;

use super::call;
use crate::cli::ServersCommand;
use crate::connection::connect;
use crate::output::{Format, answer};

pub(super) async fn run(command: ServersCommand, format: Format) -> Result<()> {
    let ServersCommand::List { connection } = command;
    let rows = call(connect(&connection)?.servers().await)?;
    answer(format, &rows, |rows| text(rows))
}

/// The lines of the `servers` file.
fn text(rows: &[ServerView]) -> String {
    rows.iter().map(|row| format!("{}\t{}\n", row.host, row.admin_url)).collect()
}
