//! `flotilla primary`

use anyhow::Result;
use flotilla_admin::api::{NodeId, PrimaryView, PromotionView};

use super::call;
use crate::cli::PrimaryCommand;
use crate::connection::connect;
use crate::output::{Format, answer, or_dash, table};
use crate::watch;

pub(super) async fn run(command: PrimaryCommand, format: Format) -> Result<()> {
    match command {
        PrimaryCommand::Show { connection, watch } => {
            let client = connect(&connection)?;
            watch::show(&watch, format, &client, async || call(client.primary().await), shown).await
        }
        PrimaryCommand::Handover { connection, node } => {
            let done = call(connect(&connection)?.hand_over(node.map(NodeId)).await)?;
            answer(format, &done, |done| {
                format!("node {} leads now, node {} does no more ({} ms)", done.to, done.from, done.took_ms)
            })
        }
    }
}

fn shown(view: &PrimaryView) -> String {
    let line = |row: &PromotionView| {
        let able = if row.is_able { "yes".to_owned() } else { or_dash(row.reason.as_ref()) };
        [row.node.to_string(), row.name.clone(), able]
    };
    let leads = match (&view.node, &view.name) {
        (Some(node), Some(name)) => format!("node {node} ({name}) leads in term {}", view.term),
        _ => format!("no node leads in term {}", view.term),
    };
    let table = table(["node", "name", "could lead"], view.order.iter().map(line));
    format!("{leads}; fail-back is {}\n{table}", view.failback)
}
