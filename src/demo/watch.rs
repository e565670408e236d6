//! The foreground of the demo: a live status line until Ctrl-C.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::Result;
use flotilla_admin::api::ClusterStatus;
use flotilla_local::LocalCluster;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::Format;
use crate::signals::Signals;

/// Shows the cluster's state each second until Ctrl-C or SIGTERM.
pub(super) async fn until_interrupted(cluster: &mut LocalCluster, signals: &mut Signals, format: Format) -> Result<()> {
    let is_shown = format == Format::Text && std::io::stderr().is_terminal();
    let bar = if is_shown { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}")?);
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            () = signals.any() => break,
            _ = tick.tick() => {
                if is_shown {
                    bar.set_message(line(cluster).await);
                    bar.tick();
                }
            }
        }
    }
    bar.finish_and_clear();
    Ok(())
}

async fn line(cluster: &mut LocalCluster) -> String {
    for index in 0..cluster.nodes.len() {
        let runs = matches!(cluster.nodes[index].has_ended(), Ok(None)) && cluster.nodes[index].process_id().is_some();
        if !runs {
            continue;
        }
        let Ok(answer) = cluster.command(index, &["status"]).await else { continue };
        let Ok(status) = serde_json::from_value::<ClusterStatus>(answer) else { continue };
        let nodes: Vec<_> = status.nodes.iter().map(|node| format!("{} {}", node.node, node.role.name())).collect();
        return format!(
            "nodes: {} | term {} | log {} | files {} | events: {} ready, {} in work, {} dead",
            nodes.join(", "),
            status.term,
            status.committed_index,
            status.files,
            status.queue.ready,
            status.queue.leased,
            status.queue.dead
        );
    }
    "no node answers".to_owned()
}
