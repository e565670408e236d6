//! The figures of a release: each measured several times on one fresh cluster, TLS and fsync on.

mod failover;
mod hand_over;
mod idle;
mod parameters;
mod rest;
mod upload_events;
mod uploads;

use std::path::Path;

use anyhow::Result;

pub(crate) use failover::kill_primaries;
pub(crate) use parameters::write_parameters;
pub(crate) use uploads::upload_small_files;

use crate::arguments::{ClusterArguments, RunArguments, StreamArguments};
use crate::bed::Bed;
use crate::collector::{Collector, progress};
use crate::events;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct FiguresArguments {
    #[command(flatten)]
    cluster: ClusterArguments,
    #[command(flatten)]
    run: RunArguments,
    #[command(flatten)]
    stream: StreamArguments,
    /// Kills of the primary, freezes of it, cuts of its network, and hand-overs.
    #[arg(long, default_value_t = 10)]
    kills: u32,
    /// Size of the large upload in MiB.
    #[arg(long, default_value_t = 1024)]
    large_mib: u64,
    /// Only groups whose name contains this text: idle, uploads, large, parameters, events, upload-events, hand-over, failover,
    /// start, cut (as root only).
    #[arg(long)]
    only: Option<String>,
}

impl FiguresArguments {
    fn wants(&self, group: &str) -> bool {
        self.only.as_ref().is_none_or(|only| group.contains(only.as_str()))
    }
}

/// On a cluster of its own; among all figures only where it can be made.
async fn cuts(arguments: &FiguresArguments, dir: &Path, collector: &mut Collector) -> Result<()> {
    if arguments.only.is_none() && !rustix::process::geteuid().is_root() {
        progress("cut: not measured, since network namespaces need the rights of root");
        return Ok(());
    }
    failover::measure_cuts(&arguments.cluster.binary()?, &dir.join("cut"), arguments, collector).await
}

/// Measures everything that was asked for.
pub(crate) async fn run(arguments: &FiguresArguments) -> Result<()> {
    let (dir, _temporary) = arguments.cluster.folder()?;
    let mut collector = Collector::default();
    let mut bed = Bed::start(&arguments.cluster.binary()?, &dir).await?;
    // Idle first: nothing has been done yet. Kills last: they end what was measured before.
    if arguments.wants("idle") {
        idle::measure(&bed, arguments, &mut collector).await?;
    }
    if arguments.wants("uploads") {
        uploads::small_files(&bed, arguments, &mut collector).await?;
    }
    if arguments.wants("large") {
        uploads::large_file(&bed, arguments, &mut collector).await?;
    }
    if arguments.wants("parameters") {
        parameters::measure(&bed, arguments, &mut collector).await?;
    }
    if arguments.wants("events") {
        events::stream_figures(&bed, &arguments.run, &arguments.stream, &mut collector).await?;
    }
    if arguments.wants("upload-events") {
        upload_events::measure(&bed, arguments, &mut collector).await?;
    }
    if arguments.wants("hand-over") {
        hand_over::measure(&bed, arguments, &mut collector).await?;
    }
    if arguments.wants("failover") {
        failover::measure(&mut bed, arguments, &mut collector).await?;
    }
    if arguments.wants("start") {
        idle::start_up(&mut bed, arguments, &mut collector).await?;
    }
    bed.cluster.stop().await?;
    if arguments.wants("cut") {
        cuts(arguments, &dir, &mut collector).await?;
    }
    if arguments.cluster.json {
        collector.print_json()?;
    }
    Ok(())
}
