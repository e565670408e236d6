//! `flotilla transfers`

use anyhow::Result;
use flotilla_admin::api::{Page, TransferQuery, TransferView};

use super::call;
use crate::cli::{PageArguments, TransfersCommand};
use crate::connection::connect;
use crate::output::{Format, answer, bytes, list, or_dash, table};
use crate::watch;

pub(super) async fn run(command: TransfersCommand, format: Format) -> Result<()> {
    match command {
        TransfersCommand::List { connection, watch, page } => {
            let PageArguments { account, state, limit, cursor } = page;
            let query = TransferQuery { limit: Some(limit as usize), cursor, account, state };
            let client = connect(&connection)?;
            watch::show(&watch, format, &client, async || call(client.transfers(&query).await), rows).await
        }
        TransfersCommand::Show { connection, watch, id } => {
            let client = connect(&connection)?;
            watch::show(&watch, format, &client, async || call(client.transfer(id).await), one).await
        }
        TransfersCommand::Resubmit { connection, id } => {
            let done = call(connect(&connection)?.resubmit_transfer(id).await)?;
            answer(format, &done, |done| format!("transfer {id} is worked on again, as event {}", done.event))
        }
    }
}

fn rows(page: &Page<TransferView>) -> String {
    let line = |row: &TransferView| {
        [
            row.id.to_string(),
            row.stored_at.to_string(),
            row.account.clone(),
            row.path.clone(),
            bytes(row.size_bytes),
            row.state.clone(),
            row.node.to_string(),
            list(&row.replicas),
            or_dash(row.worker_node),
        ]
    };
    let header = ["id", "stored", "account", "path", "size", "state", "in", "replicas", "processed on"];
    let mut text = table(header, page.items.iter().map(line));
    if let Some(cursor) = page.next_cursor {
        text.push_str(&format!("\n\nMore: --cursor {cursor}"));
    }
    text
}

fn one(row: &TransferView) -> String {
    let steps = row.steps.iter().map(|step| {
        [
            step.kind.clone(),
            step.attempt.to_string(),
            format!("{}/{}", step.node, step.worker),
            step.started_at.to_string(),
            format!("{:.1} ms", step.duration_us as f64 / 1000.0),
            if step.succeeded { "ok".to_owned() } else { "failed".to_owned() },
            step.detail.clone(),
        ]
    });
    format!(
        "transfer  {}\naccount   {}\npath      {}\nsize      {} ({} bytes)\nSHA-256   {}\nprotocol  {} from {}\n\
         in        node {}, {} to {}\nreplicas  nodes {}\nstate     {}{}\nended     {}\nworker    {} on node {}\n\
         trace     {}\n\n{}",
        row.id,
        row.account,
        row.path,
        bytes(row.size_bytes),
        row.size_bytes,
        row.sha256,
        row.protocol,
        row.remote,
        row.node,
        row.started_at,
        row.stored_at,
        list(&row.replicas),
        row.state,
        row.failure.as_ref().map_or_else(String::new, |failure| format!(": {failure}")),
        or_dash(row.ended_at),
        or_dash(row.worker),
        or_dash(row.worker_node),
        row.trace,
        table(["step", "attempt", "node/worker", "started", "took", "result", "detail"], steps)
    )
}
