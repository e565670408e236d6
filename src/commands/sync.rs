//! `flotilla sync`

use anyhow::Result;
use flotilla_admin::api::{DigestView, NodeId, SyncStatus, SyncView, Verification};

use super::call;
use crate::cli::SyncCommand;
use crate::connection::connect;
use crate::exit::{CHECK_FAILED, coded};
use crate::output::{Format, answer, list, or_dash, table};

pub(super) async fn run(command: SyncCommand, format: Format) -> Result<()> {
    match command {
        SyncCommand::Status { connection } => {
            let status = call(connect(&connection)?.sync_status().await)?;
            answer(format, &status, shown)
        }
        SyncCommand::Verify { connection } => {
            let found = call(connect(&connection)?.verify_sync().await)?;
            answer(format, &found, compared)?;
            let differ: Vec<_> = found.nodes.iter().filter(|node| !node.is_equal && node.digest.is_some()).collect();
            if differ.is_empty() {
                return Ok(());
            }
            let nodes = list(&differ.iter().map(|node| node.node).collect::<Vec<_>>());
            Err(coded(
                CHECK_FAILED,
                format!("other states on nodes {nodes}: mend them with 'flotilla sync repair NODE'"),
            ))
        }
        SyncCommand::Repair { connection, node } => {
            let done = call(connect(&connection)?.repair_sync(NodeId(node)).await)?;
            answer(format, &done, |done| {
                format!(
                    "node {} has made its state anew from node {}: digest {} at index {}",
                    done.node, done.from, done.digest, done.index
                )
            })
        }
    }
}

fn shown(status: &SyncStatus) -> String {
    let line = |row: &SyncView| {
        let agreed = match (row.agreed_index, row.agreed_at) {
            (Some(index), Some(at)) => format!("at {index}, {at}"),
            _ if row.node == status.answered_by => "(this node)".to_owned(),
            _ => "-".to_owned(),
        };
        let differs = row.differs_at_index.map(|index| format!("DIFFERS at {index}"));
        [
            row.node.to_string(),
            row.name.clone(),
            or_dash(row.applied_index),
            or_dash(row.lag_entries),
            agreed,
            or_dash(differs),
        ]
    };
    let mut text = table(["node", "name", "log", "lag", "last found equal", "now"], status.nodes.iter().map(line));
    if !status.pending_parameters.is_empty() {
        text +=
            &format!("\nnot in effect on node {} yet: {}", status.answered_by, status.pending_parameters.join(", "));
    }
    text
}

fn compared(found: &Verification) -> String {
    let line = |row: &DigestView| {
        let verdict = match (&row.failure, row.is_equal) {
            (Some(failure), _) => failure.clone(),
            (None, true) => "equal".to_owned(),
            (None, false) => "DIFFERS".to_owned(),
        };
        [row.node.to_string(), row.name.clone(), or_dash(row.digest.as_ref()), verdict]
    };
    let table = table(["node", "name", "digest", "verdict"], found.nodes.iter().map(line));
    format!("index {}, digest {}\n{table}", found.index, found.digest)
}
