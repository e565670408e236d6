//! `flotilla status`

use std::time::{Duration, Instant};

use anyhow::Result;
use flotilla_admin::Client;
use flotilla_admin::api::{ClusterNode, ClusterStatus, NodeStatus};
use serde::Serialize;

use super::{call, queue};
use crate::cli::StatusArguments;
use crate::connection::connect;
use crate::exit::{UNAVAILABLE, coded};
use crate::output::{Format, bytes, list, or_dash, table};
use crate::watch;

const ASK_EVERY: Duration = Duration::from_millis(200);

/// The cluster as one node sees it, and that node itself.
#[derive(Serialize)]
struct Status {
    #[serde(flatten)]
    cluster: ClusterStatus,
    node_status: NodeStatus,
}

pub(super) async fn run(arguments: &StatusArguments, format: Format) -> Result<()> {
    let client = connect(&arguments.connection)?;
    if let Some(seconds) = arguments.wait {
        wait_ready(&client, Duration::from_secs(seconds)).await?;
    }
    let ask = async || {
        let (cluster, node_status) = tokio::join!(client.cluster(), client.status());
        Ok(Status { cluster: call(cluster)?, node_status: call(node_status)? })
    };
    watch::show(&arguments.watch, format, &client, ask, |status| text(status, arguments.actors)).await
}

/// A node that has just been started answers a moment later, and serves when the cluster has taken note of it.
async fn wait_ready(client: &Client, patience: Duration) -> Result<()> {
    let until = Instant::now() + patience;
    loop {
        let reason = match client.ready().await {
            Ok(ready) if ready.is_ready => return Ok(()),
            Ok(ready) => ready.reasons.join(", "),
            Err(error) => error.to_string(),
        };
        if Instant::now() >= until {
            return Err(coded(UNAVAILABLE, format!("not ready within {patience:?}: {reason}")));
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

fn text(status: &Status, with_actors: bool) -> String {
    let (cluster, node) = (&status.cluster, &status.node_status);
    let line = |row: &ClusterNode| {
        let link = row.link.as_ref();
        [
            row.node.to_string(),
            row.name.clone(),
            row.role.name().to_owned(),
            or_dash(row.term),
            or_dash(row.applied_index),
            or_dash(row.lag_entries),
            or_dash(link.and_then(|link| link.round_trip_us).map(|us| format!("{:.2} ms", us as f64 / 1000.0))),
            row.admin_url.clone(),
            row.transfer_url.clone(),
        ]
    };
    let header = ["node", "name", "role", "term", "log", "lag", "round trip", "admin URL", "transfer URL"];
    let restarts: u64 = node.actors.iter().map(|actor| actor.restarts).sum();
    let mut text = format!(
        "cluster {} ({}), mode {}, term {}, log {}\n{}{}\n\
         events  {} ready, {} waiting, {} in work, {} dead, {} outcome unknown\n{}\
         GMP     {} of {} workers busy on node {}, {} completed, {} failed\n\
         files   {} in the cluster; {} contents ({}) on node {}, {} with too few copies\n\
         actors  {} on node {}, {} restarts{}",
        cluster.name,
        cluster.id,
        cluster.mode,
        cluster.term,
        cluster.committed_index,
        quorum_warning(node),
        table(header, cluster.nodes.iter().map(line)),
        cluster.queue.ready,
        cluster.queue.waiting,
        cluster.queue.leased,
        cluster.queue.dead,
        cluster.queue.outcome_unknown,
        queue_warnings(cluster),
        node.gmp.busy,
        node.gmp.workers,
        node.node,
        node.gmp.completed_total,
        node.gmp.failed_total,
        cluster.files,
        node.files.blobs,
        bytes(node.files.bytes),
        node.node,
        node.files.under_replicated,
        node.actors.len(),
        node.node,
        restarts,
        certificate_warnings(node)
    );
    if with_actors {
        let rows = node.actors.iter().map(|actor| {
            [
                actor.name.clone(),
                actor.state.clone(),
                actor.restarts.to_string(),
                actor.waiting.to_string(),
                or_dash(actor.last_failure.as_ref()),
            ]
        });
        text.push_str(&format!("\n\n{}", table(["actor", "state", "restarts", "waiting", "last failure"], rows)));
    }
    text
}

/// Nothing while all is well: what a primary without a majority shows may be out of date, and it can change nothing.
fn quorum_warning(node: &NodeStatus) -> String {
    if !node.consensus.has_lost_quorum() {
        return String::new();
    }
    let since = match node.consensus.quorum_heard_ms_ago {
        Some(ms) => format!("for {} s", ms / 1000),
        None => "since it leads".to_owned(),
    };
    format!("NO QUORUM: no majority has answered the primary, node {}, {since}; nothing can be changed\n", node.node)
}

/// Certificates of the answering node that need a look: a line each, none on a quiet day.
fn certificate_warnings(node: &NodeStatus) -> String {
    let mut text = String::new();
    for warning in &node.certificate.warnings {
        let mend = if warning.is_renewable { "the node renews it" } else { "nobody renews it by itself" };
        text.push_str(&format!(
            "\ncertificate {} of node {} ends at {}; {mend}",
            warning.name, node.node, warning.expires_at
        ));
    }
    if let Some(failure) = &node.certificate.failure {
        text.push_str(&format!("\ncertificate of node {}: {failure}", node.node));
    }
    text
}

/// What keeps the queue from being served or filled: a line each, none on a quiet day.
fn queue_warnings(cluster: &ClusterStatus) -> String {
    let mut text = String::new();
    let (names, count) = (&cluster.paused_lanes, cluster.lanes_paused);
    if count > 0 {
        let more = count.saturating_sub(names.len() as u64);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        text.push_str(&format!("        lanes paused: {}{rest}\n", list(names)));
    }
    if matches!(cluster.room.level.as_str(), "tight" | "full") {
        text.push_str(&format!("        room {}\n", queue::room_text(&cluster.room)));
    }
    text
}
