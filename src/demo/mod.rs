//! `flotilla demo`: a cluster of processes on this machine, one real file through it, and what became of it.

mod partner;
mod report;
mod watch;

use std::path::Path;

use anyhow::{Context, Result, bail};
use flotilla_local::{Layout, LocalCluster, NodePorts, Step, free_base_port};

use crate::cli::DemoArguments;
use crate::output::{Format, answer, print};
use crate::progress::Progress;
use crate::signals::Signals;
use report::Report;

/// The usual ports for the first node: 8443 for partners, 8444 for administration.
const DEFAULT_BASE_PORT: u16 = 8440;
const DEFAULT_NODES: u16 = 3;

/// Builds or resumes the cluster, sends a file through it, says what happened, and stays until Ctrl-C.
pub(crate) async fn run(arguments: &DemoArguments, format: Format) -> Result<()> {
    let binary = std::env::current_exe().context("the program cannot find itself")?;
    let known = if arguments.dir.exists() { Layout::load(&arguments.dir)? } else { None };
    let (nodes, base_port) = choose(arguments, known.as_ref())?;
    let mut signals = Signals::new()?;
    let progress = Progress::new();
    // The nodes are in groups of their own, which no Ctrl-C reaches: one that comes now must end them, too.
    let (mut cluster, report) = tokio::select! {
        built = build(&binary, arguments, nodes, base_port, &progress) => built?,
        () = signals.any() => bail!("interrupted before the cluster was ready; its nodes were ended"),
    };
    progress.finish();
    answer(format, &report, report::text)?;
    if !arguments.once {
        if format == Format::Text {
            print("\nThe cluster runs until you press Ctrl-C.\n")?;
        }
        watch::until_interrupted(&mut cluster, &mut signals, format).await?;
    }
    let progress = Progress::new();
    progress.say("stopping the nodes in order");
    cluster.stop().await?;
    progress.finish();
    Ok(())
}

/// A cluster that a file has gone through, and what there is to tell of it. When it fails, no node runs.
async fn build(
    binary: &Path,
    arguments: &DemoArguments,
    nodes: u16,
    base_port: u16,
    progress: &Progress,
) -> Result<(LocalCluster, Report)> {
    let mut cluster =
        LocalCluster::start(binary, &arguments.dir, nodes, base_port, &[], |step| progress.say(&step_text(&step)))
            .await?;
    let error = match partner::send_a_file(&cluster, progress).await {
        Ok(report) => return Ok((cluster, report)),
        Err(error) => error,
    };
    let logs: Vec<_> = cluster.nodes.iter().map(|node| node.log_file().display().to_string()).collect();
    // The file did not go through; stop what was started and say where to look.
    let stopped = cluster.stop().await;
    let error = error.context(format!("the check failed; the nodes' logs are {}", logs.join(", ")));
    Err(match stopped {
        Ok(()) => error,
        Err(stop_error) => error.context(format!("and stopping failed: {stop_error:#}")),
    })
}

/// A folder that has a cluster keeps its size and ports; a new one takes what was asked for, or free ports.
fn choose(arguments: &DemoArguments, known: Option<&Layout>) -> Result<(u16, u16)> {
    if let Some(known) = known {
        let wanted = arguments.nodes.unwrap_or(known.nodes);
        if wanted != known.nodes {
            bail!(
                "the cluster in {} has {} nodes: leave --nodes out, or choose another --dir",
                arguments.dir.display(),
                known.nodes
            );
        }
        let wanted = arguments.base_port.unwrap_or(known.base_port);
        if wanted != known.base_port {
            bail!(
                "the cluster in {} has base port {}: leave --base-port out, or choose another --dir",
                arguments.dir.display(),
                known.base_port
            );
        }
        return Ok((known.nodes, known.base_port));
    }
    let nodes = arguments.nodes.unwrap_or(DEFAULT_NODES);
    let base_port = match arguments.base_port {
        Some(port) => port,
        None => {
            let usual = (1..=nodes).all(|n| NodePorts::of(DEFAULT_BASE_PORT, n).first_busy().is_none());
            if usual { DEFAULT_BASE_PORT } else { free_base_port(nodes)? }
        }
    };
    Ok((nodes, base_port))
}

fn step_text(step: &Step) -> String {
    match step {
        Step::Initialise { node } => {
            format!("node {node}: cluster secret, internal CA, cluster certificate, first administrator")
        }
        Step::Join { node } => {
            format!("node {node}: joins with a one-time token; CAs are exchanged, the servers list grows")
        }
        Step::Start { node } => format!("node {node}: starts"),
        Step::Ready { node } => format!("node {node}: waits until it is a member and serves"),
    }
}
