//! `flotilla tm`

use std::time::Duration;

use anyhow::Result;
use flotilla_admin::Client;
use flotilla_admin::api::{ManagerState, ManagerView, NodeId};

use super::call;
use crate::cli::ManagerCommand;
use crate::connection::connect;
use crate::exit::{CHECK_FAILED, coded};
use crate::output::{Format, answer, or_dash, table};
use crate::progress::Progress;
use crate::watch;

const POLL: Duration = Duration::from_millis(100);

pub(super) async fn run(command: ManagerCommand, format: Format) -> Result<()> {
    match command {
        ManagerCommand::Start { connection, which } => {
            let client = connect(&connection)?;
            let node = which.node.map(NodeId);
            call(client.start_transaction_manager(node).await)?;
            report(&select(&client, node).await?, format)
        }
        ManagerCommand::Stop { connection, which, no_wait } => {
            let client = connect(&connection)?;
            let node = which.node.map(NodeId);
            call(client.stop_transaction_manager(node).await)?;
            let rows = if no_wait { select(&client, node).await? } else { drained(&client, node).await? };
            report(&rows, format)
        }
        ManagerCommand::Status { connection, watch, node } => {
            let client = connect(&connection)?;
            let ask = async || select(&client, node.map(NodeId)).await;
            watch::show(&watch, format, &client, ask, |rows| rows_text(rows)).await
        }
    }
}

async fn select(client: &Client, node: Option<NodeId>) -> Result<Vec<ManagerView>> {
    let mut rows = call(client.transaction_managers().await)?;
    rows.retain(|row| node.is_none_or(|node| row.node == node));
    match node {
        Some(node) if rows.is_empty() => Err(coded(CHECK_FAILED, format!("there is no member {node}"))),
        _ => Ok(rows),
    }
}

/// Waits until nothing runs on the nodes that are reached. It ends by itself: work that is not done in time is given back.
async fn drained(client: &Client, node: Option<NodeId>) -> Result<Vec<ManagerView>> {
    let progress = Progress::on_terminal();
    loop {
        let rows = select(client, node).await?;
        let running: u64 = rows.iter().filter(|row| !has_ended(row)).map(|row| row.busy.unwrap_or(0)).sum();
        if rows.iter().all(has_ended) {
            return Ok(rows);
        }
        progress.say(&format!("{running} events are being finished"));
        tokio::time::sleep(POLL).await;
    }
}

fn has_ended(row: &ManagerView) -> bool {
    matches!(row.state, ManagerState::Stopped | ManagerState::None | ManagerState::Unknown)
}

fn report(rows: &Vec<ManagerView>, format: Format) -> Result<()> {
    answer(format, rows, |rows| rows_text(rows))
}

fn rows_text(rows: &[ManagerView]) -> String {
    let line = |row: &ManagerView| {
        let work = match (row.busy, row.workers) {
            (Some(busy), Some(workers)) => format!("{busy} of {workers}"),
            _ => "-".to_owned(),
        };
        let note = row.failure.clone().or_else(|| row.stopped_at.map(|at| format!("stopped {at}")));
        [row.node.to_string(), row.name.clone(), row.state.name().to_owned(), work, or_dash(note)]
    };
    table(["node", "name", "state", "busy workers", "note"], rows.iter().map(line))
}
