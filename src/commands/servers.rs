//! `flotilla servers`

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use flotilla_admin::Client;
use flotilla_admin::api::{LeavingView, NodeId, ServerView, ServersImport, ServersPlan};
use flotilla_config::servers::{Server, render};

use super::call;
use crate::cli::ServersCommand;
use crate::connection::connect;
use crate::exit::{UNAVAILABLE, coded};
use crate::output::{Format, answer, list, print, table};
use crate::progress::Progress;
use crate::watch;

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Far more than a `servers` file has.
const FILE_MAX_BYTES: u64 = 1 << 20;

pub(super) async fn run(command: ServersCommand, format: Format) -> Result<()> {
    match command {
        ServersCommand::List { connection, watch } => {
            let client = connect(&connection)?;
            watch::show(&watch, format, &client, async || call(client.servers().await), |rows| rows_text(rows)).await
        }
        ServersCommand::Add { connection, host, lifetime } => {
            let invited = call(connect(&connection)?.invite_server(&host, Some(lifetime)).await)?;
            answer(format, &invited, |invited| {
                format!(
                    "{} may join by hand until {}. On that host, with the cluster secret and the CAs imported:\n  \
                     flotilla join --by-hand --name {} --primary {}",
                    invited.host, invited.expires_at, invited.host, invited.url
                )
            })
        }
        ServersCommand::Remove { connection, node, wait, timeout } => {
            let client = connect(&connection)?;
            if wait {
                taken_over(&client, NodeId(node), Duration::from_secs(timeout)).await?;
            }
            let done = call(client.remove_server(NodeId(node)).await)?;
            answer(format, &done, |_| format!("node {node} is a member no more; its process ends by itself"))
        }
        ServersCommand::Keep { connection, node } => {
            let done = call(connect(&connection)?.set_server_leaving(NodeId(node), false).await)?;
            answer(format, &done, |_| format!("node {node} stays a member"))
        }
        ServersCommand::Move { connection, node, place } => {
            let client = connect(&connection)?;
            call(client.move_server(NodeId(node), place - 1).await)?;
            show(&client, format).await
        }
        ServersCommand::Export { connection, out } => export(&connect(&connection)?, out.as_deref(), format).await,
        ServersCommand::Import { connection, file, remove_missing, dry_run } => {
            let import = ServersImport { text: read(&file)?, remove_missing, dry_run };
            let plan = call(connect(&connection)?.import_servers(&import).await)?;
            answer(format, &plan, |plan| planned(plan, dry_run))
        }
    }
}

/// Waits until others have all that the member has.
async fn taken_over(client: &Client, node: NodeId, patience: Duration) -> Result<()> {
    call(client.set_server_leaving(node, true).await)?;
    let until = Instant::now() + patience;
    let mut told = None;
    let progress = Progress::new();
    loop {
        let rows = call(client.servers().await)?;
        let left = rows.iter().find(|row| row.node == node).and_then(|row| row.leaving);
        // Somebody else has removed or kept it: what follows says so.
        let Some(left) = left else { return Ok(()) };
        let count = (left.contents, left.events);
        if count == (0, 0) {
            return Ok(());
        }
        let text = format!("node {node}: {} contents to be copied, {} events in work", left.contents, left.events);
        if Instant::now() >= until {
            return Err(coded(
                UNAVAILABLE,
                format!("after {patience:?}, {text}; it goes on leaving, or 'servers keep {node}'"),
            ));
        }
        if told != Some(count) {
            progress.say(&text);
        }
        told = Some(count);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn show(client: &Client, format: Format) -> Result<()> {
    answer(format, &call(client.servers().await)?, |rows| rows_text(rows))
}

fn rows_text(rows: &[ServerView]) -> String {
    let line = |row: &ServerView| {
        let leaving = |left: LeavingView| {
            format!("leaving: {} contents to be copied, {} events in work", left.contents, left.events)
        };
        let state = row.leaving.map(leaving).unwrap_or_default();
        [(row.position + 1).to_string(), row.node.to_string(), row.host.clone(), row.admin_url.clone(), state]
    };
    table(["place", "node", "host", "admin URL", ""], rows.iter().map(line))
}

async fn export(client: &Client, out: Option<&Path>, format: Format) -> Result<()> {
    let rows = call(client.servers().await)?;
    let server = |row: &ServerView| Server { host: row.host.clone(), admin_url: row.admin_url.clone() };
    let text = render(&rows.iter().map(server).collect::<Vec<_>>());
    let Some(out) = out else {
        return if format == Format::Text { print(&text) } else { answer(format, &rows, |_| String::new()) };
    };
    std::fs::write(out, text).with_context(|| format!("cannot write {}", out.display()))?;
    answer(format, &rows, |rows| format!("{} servers written to {}", rows.len(), out.display()))
}

fn read(file: &Path) -> Result<String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(FILE_MAX_BYTES).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|open| open.take(FILE_MAX_BYTES).read_to_string(&mut text))
    };
    read.with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text)
}

fn planned(plan: &ServersPlan, dry_run: bool) -> String {
    let mut text = format!("order of promotion: {}", list(&plan.order));
    if !plan.moved.is_empty() {
        text += &format!("\nmoved: {}", list(&plan.moved));
    }
    if !plan.removed.is_empty() {
        text += &format!("\nremoved: {}", list(&plan.removed));
    }
    if dry_run {
        text += "\nNothing was changed (--dry-run).";
    } else if plan.moved.is_empty() && plan.removed.is_empty() {
        text += "\nIt was so already.";
    }
    text
}
