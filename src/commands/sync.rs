//! `flotilla sync`

use anyhow::Result;
use flotilla_admin::api::{DigestView, NodeId, SyncStatus, SyncView, Verification};

use super::call;
use crate::cli::SyncCommand;
use crate::connection::connect;
use crate::exit::{CHECK_FAILED, coded};
use crate::output::{Format, answer, list, or_dash, table};
use crate::watch;

pub(super) async fn run(command: SyncCommand, format: Format) -> Result<()> {
    match command {
        SyncCommand::Status { connection, watch } => {
            let client = connect(&connection)?;
            watch::show(&watch, format, &client, async || call(client.sync_status().await), shown).await
        }
        SyncCommand::Verify { connection } => {
            let found = call(connect(&connection)?.verify_sync().await)?;
            answer(format, &found, compared)?;
            verdict(&found)
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

/// Equal is what all nodes are, not what those are that could be asked.
fn verdict(found: &Verification) -> Result<()> {
    let which = |meant: &dyn Fn(&DigestView) -> bool| {
        list(&found.nodes.iter().filter(|node| meant(node)).map(|node| node.node).collect::<Vec<_>>())
    };
    let differing = which(&|node| node.digest.is_some() && !node.is_equal);
    let unknown = which(&|node| node.digest.is_none());
    let mut wrong = Vec::new();
    if !differing.is_empty() {
        wrong.push(format!("other states on nodes {differing}: mend them with 'flotilla sync repair NODE'"));
    }
    if !unknown.is_empty() {
        let text = format!(
            "nothing is known of the states of nodes {unknown}, which gave no digest: repeat it when they answer"
        );
        wrong.push(text);
    }
    if wrong.is_empty() { Ok(()) } else { Err(coded(CHECK_FAILED, wrong.join("; "))) }
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
