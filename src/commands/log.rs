//! `flotilla log`

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use flotilla_admin::Client;
use flotilla_admin::api::{LogLineView, LogSourceView, NodeId, ServerLog, ServerLogQuery};

use super::call;
use crate::cli::LogArguments;
use crate::connection::connect;
use crate::exit::{UNAVAILABLE, code_of};
use crate::output::{Format, answer, print_while_read, printable};
use crate::signals::Signals;

const ASK_EVERY: Duration = Duration::from_secs(1);

pub(super) async fn run(arguments: LogArguments, format: Format) -> Result<()> {
    let LogArguments { connection, node, level, since, contains, limit, cursor, follow } = arguments;
    let (node, limit) = (node.map(NodeId), Some(limit as usize));
    let query = ServerLogQuery { node, level, since, contains, limit, cursor, after: None };
    let client = connect(&connection)?;
    let log = call(client.server_log(&query).await)?;
    if follow {
        return go_on(&client, query, log, format).await;
    }
    complain(&log.nodes, &mut BTreeMap::new());
    answer(format, &log, text)
}

/// Oldest first, as a terminal is read.
fn text(log: &ServerLog) -> String {
    let mut lines: Vec<String> = log.items.iter().rev().map(line).collect();
    if let Some(cursor) = &log.next_cursor {
        lines.insert(0, format!("Earlier: --cursor {cursor}\n"));
    }
    lines.join("\n")
}

fn line(line: &LogLineView) -> String {
    let fields: String = line.fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
    let level = line.level.name().to_uppercase();
    format!("{} node {} {level:<5} {}: {}{fields}", line.at, line.node, line.target, line.message)
}

async fn go_on(client: &Client, mut query: ServerLogQuery, mut log: ServerLog, format: Format) -> Result<()> {
    let mut signals = Signals::new()?;
    let mut missing = BTreeMap::new();
    log.items.reverse();
    loop {
        complain(&log.nodes, &mut missing);
        for item in &log.items {
            let text = match format {
                Format::Json => serde_json::to_string(item)?,
                // One that holds line ends would look like several.
                Format::Text => printable(&line(item)).replace('\n', "\\n"),
            };
            if !print_while_read(&format!("{text}\n"))? {
                return Ok(());
            }
        }
        query.after = Some(log.position);
        log = match again(client, &query, &mut signals).await? {
            Some(log) => log,
            None => return Ok(()),
        };
    }
}

/// Asks until somebody answers; `None`: it is enough.
async fn again(client: &Client, query: &ServerLogQuery, signals: &mut Signals) -> Result<Option<ServerLog>> {
    let mut has_complained = false;
    loop {
        let asked = async {
            tokio::time::sleep(ASK_EVERY).await;
            call(client.server_log(query).await)
        };
        let answered = tokio::select! {
            () = signals.any() => return Ok(None),
            answered = asked => answered,
        };
        match answered {
            Ok(log) => return Ok(Some(log)),
            Err(error) if code_of(&error) == UNAVAILABLE => {
                if !std::mem::replace(&mut has_complained, true) {
                    say(&format!("{error:#}"));
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// Says once which nodes are missing, and when they are there again.
fn complain(nodes: &[LogSourceView], missing: &mut BTreeMap<NodeId, bool>) {
    for source in nodes {
        let was_missing = missing.insert(source.node, source.failure.is_some()).unwrap_or(false);
        match &source.failure {
            Some(reason) if !was_missing => say(&format!("the log of node {} is missing: {reason}", source.node)),
            None if was_missing => say(&format!("the log of node {} is there again", source.node)),
            _ => {}
        }
    }
}

fn say(text: &str) {
    // Nobody may be there to hear it: then it is not said.
    let _ = writeln!(std::io::stderr(), "flotilla: {}", printable(text));
}
