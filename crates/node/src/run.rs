//! A node's life: built, running until a signal or a fatal failure, stopped in order.

use anyhow::{Context, Result};
use flotilla_config::NodeConfig;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::assembly::Node;
use crate::shutdown;

/// How a node's life ended.
#[derive(Debug)]
pub enum RunEnd {
    /// It was told to stop, and did.
    Stopped,
    /// A part that it cannot do without has failed; the cluster takes over.
    Fatal(String),
}

/// Runs a node on `runtime` until SIGTERM, SIGINT or a fatal failure. A second signal ends it at once.
pub fn run(config: NodeConfig, runtime: Runtime) -> Result<RunEnd> {
    // Raft, TLS and bytes run on the shared runtime; the actors get threads of their own.
    let system = actix_rt::System::with_tokio_rt(|| runtime);
    system.block_on(live(config))
}

async fn live(config: NodeConfig) -> Result<RunEnd> {
    let mut interrupted = signal(SignalKind::interrupt()).context("cannot handle SIGINT")?;
    let mut terminated = signal(SignalKind::terminate()).context("cannot handle SIGTERM")?;
    let node = tokio::select! {
        node = Node::start(config) => node?,
        _ = interrupted.recv() => return Ok(RunEnd::Stopped),
        _ = terminated.recv() => return Ok(RunEnd::Stopped),
    };
    let fatal = tokio::select! {
        _ = interrupted.recv() => None,
        _ = terminated.recv() => None,
        reason = node.failed() => Some(reason),
    };
    if let Some(reason) = &fatal {
        tracing::error!(reason, "the node cannot go on");
    }
    tokio::select! {
        () = shutdown::stop(node, fatal.is_some()) => {}
        _ = interrupted.recv() => tracing::warn!("told to stop again: ending at once"),
        _ = terminated.recv() => tracing::warn!("told to stop again: ending at once"),
    }
    Ok(fatal.map_or(RunEnd::Stopped, RunEnd::Fatal))
}
