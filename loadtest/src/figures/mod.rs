//! The figures of a release: each measured several times on one fresh cluster, TLS and fsync on.

mod events;
mod failover;
mod idle;
mod parameters;
mod uploads;
mod workers;

use anyhow::Result;

use crate::FiguresArguments;
use crate::bed::Bed;
use crate::statistics::Figure;

/// Collects figures and shows each when it is there.
pub(crate) struct Collector {
    figures: Vec<Figure>,
    only: Option<String>,
}

impl Collector {
    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    }

    #[expect(clippy::print_stderr, reason = "live progress of a command")]
    fn add(&mut self, figure: Figure) {
        eprintln!("{}", figure.line());
        self.figures.push(figure);
    }
}

/// Measures everything that was asked for.
#[expect(clippy::print_stdout, reason = "the command's answer")]
pub(crate) async fn run(arguments: &FiguresArguments) -> Result<()> {
    let binary = arguments.binary()?;
    let temporary = tempfile::tempdir()?;
    let dir = arguments.dir.clone().unwrap_or_else(|| temporary.path().join("cluster"));
    let mut collector = Collector { figures: Vec::new(), only: arguments.only.clone() };
    let mut bed = Bed::start(&binary, &dir).await?;
    // Idle first: nothing has been done yet. Kills last: they end what was measured before.
    if collector.wants("idle") {
        idle::measure(&bed, arguments, &mut collector).await?;
    }
    if collector.wants("uploads") {
        uploads::small_files(&bed, arguments, &mut collector).await?;
    }
    if collector.wants("large") {
        uploads::large_file(&bed, arguments, &mut collector).await?;
    }
    if collector.wants("parameters") {
        parameters::measure(&bed, arguments, &mut collector).await?;
    }
    if collector.wants("events") {
        events::measure(&bed, arguments, &mut collector).await?;
    }
    if collector.wants("workers") {
        workers::measure(&bed, arguments, &mut collector).await?;
    }
    if collector.wants("failover") {
        failover::measure(&mut bed, arguments, &mut collector).await?;
    }
    if collector.wants("start") {
        idle::start_up(&mut bed, arguments, &mut collector).await?;
    }
    bed.cluster.stop().await?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&collector.figures)?);
    }
    Ok(())
}
