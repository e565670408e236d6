//! A node's life: built, running until a signal or a fatal failure, stopped in order.

use std::sync::Arc;

use anyhow::{Context, Result};
use flotilla_config::NodeConfig;
use flotilla_telemetry::RecentLines;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::assembly::{Node, Removed};
use crate::data_dir::DataDir;
use crate::shutdown;

/// How a node's life ended.
#[derive(Debug)]
pub enum RunEnd {
    /// It was told to stop, and did.
    Stopped,
    /// A part that it cannot do without has failed; the cluster takes over.
    Fatal(String),
    /// It was taken out of the cluster: to start it again is of no use.
    Removed(String),
}

/// Runs a node on `runtime` until SIGTERM, SIGINT or a fatal failure. A second signal ends it at once. `recent_lines` is where the log of
/// the process keeps its last lines.
pub fn run(config: NodeConfig, runtime: Runtime, recent_lines: RecentLines) -> Result<RunEnd> {
    // Raft, TLS and bytes run on the shared runtime; the actors get threads of their own.
    let system = actix_rt::System::with_tokio_rt(|| runtime);
    system.block_on(live(config, recent_lines))
}

async fn live(config: NodeConfig, recent_lines: RecentLines) -> Result<RunEnd> {
    let dir = DataDir::new(&config.node.data_dir);
    let end = live_until(config, recent_lines).await?;
    if let RunEnd::Removed(reason) = &end {
        // Started again, it ends at once.
        dir.write(&dir.removed_file(), reason.as_bytes())?;
    }
    Ok(end)
}

async fn live_until(config: NodeConfig, recent_lines: RecentLines) -> Result<RunEnd> {
    let mut interrupted = signal(SignalKind::interrupt()).context("cannot handle SIGINT")?;
    let mut terminated = signal(SignalKind::terminate()).context("cannot handle SIGTERM")?;
    let node = tokio::select! {
        node = Node::start(config, recent_lines) => match node {
            Ok(node) => node,
            Err(error) if error.is::<Removed>() => return Ok(RunEnd::Removed(error.to_string())),
            Err(error) => return Err(error),
        },
        _ = interrupted.recv() => return Ok(RunEnd::Stopped),
        _ = terminated.recv() => return Ok(RunEnd::Stopped),
    };
    let removal = Arc::clone(&node.removal);
    let end = tokio::select! {
        _ = interrupted.recv() => RunEnd::Stopped,
        _ = terminated.recv() => RunEnd::Stopped,
        () = removal.happened() => RunEnd::Removed(Removed(node.id).to_string()),
        reason = node.failed() => RunEnd::Fatal(reason),
    };
    match &end {
        RunEnd::Stopped => {}
        RunEnd::Removed(reason) => tracing::warn!(reason, "the node ends"),
        RunEnd::Fatal(reason) => tracing::error!(reason, "the node cannot go on"),
    }
    // After a removal there is no cluster to say goodbye to.
    let is_alone = !matches!(end, RunEnd::Stopped);
    tokio::select! {
        () = shutdown::stop(node, is_alone) => {}
        _ = interrupted.recv() => tracing::warn!("told to stop again: ending at once"),
        _ = terminated.recv() => tracing::warn!("told to stop again: ending at once"),
    }
    Ok(end)
}
