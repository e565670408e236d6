//! The load harness: drives a cluster of real processes through the interfaces that users have, and says how fast it is.

mod bed;
mod figures;
mod statistics;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// Load tests of a Flotilla cluster.
#[derive(Debug, Parser)]
#[command(name = "flotilla-loadtest", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure a fresh cluster of three local nodes: uploads, parameter writes, events, failover, idle cost, start-up.
    Figures(FiguresArguments),
}

/// What to measure, and how often.
#[derive(Debug, clap::Args)]
pub(crate) struct FiguresArguments {
    /// The program under test. [default: `flotilla` beside this program]
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Runs of each measurement; the median is the figure.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// Seconds that each run of a rate takes.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Kills of the primary.
    #[arg(long, default_value_t = 10)]
    kills: u32,
    /// Size of the large upload in MiB.
    #[arg(long, default_value_t = 1024)]
    large_mib: u64,
    /// Only figures whose name contains this text.
    #[arg(long)]
    only: Option<String>,
    /// Folder for the cluster; a temporary one by default, removed afterwards.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Print one JSON document at the end.
    #[arg(long)]
    json: bool,
}

impl FiguresArguments {
    fn binary(&self) -> Result<PathBuf> {
        if let Some(binary) = &self.binary {
            return Ok(binary.clone());
        }
        let beside = std::env::current_exe()?.with_file_name("flotilla");
        anyhow::ensure!(beside.exists(), "{} is missing: build it, or name it with --binary", beside.display());
        Ok(beside)
    }
}

fn main() -> Result<()> {
    // Fails only when one is set already, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    match cli.command {
        Command::Figures(arguments) => runtime.block_on(figures::run(&arguments)),
    }
}
