//! Flags that several measurements share.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

/// Of the program under test.
#[derive(Clone, Debug, Args)]
pub(crate) struct Binary {
    /// The program under test. [default: `flotilla` beside this program]
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// Of the cluster that is started.
#[derive(Clone, Debug, Args)]
pub(crate) struct ClusterArguments {
    #[command(flatten)]
    binary: Binary,
    /// Folder for the cluster; a temporary one by default, removed afterwards.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Print one JSON document at the end.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Of what is measured, and how often.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArguments {
    /// Runs of each measurement; the median is the figure.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) runs: u32,
    /// Seconds that each run of a rate takes.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
}

/// Of publishing events through the stream.
#[derive(Clone, Debug, Args)]
pub(crate) struct StreamArguments {
    /// Events on the way at the same time, all connections together.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 64, 512], value_parser = clap::value_parser!(u64).range(1..=65_536))]
    pub(crate) windows: Vec<u64>,
    /// Size of each event's data, a JSON string, without its quotes.
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub(crate) data_bytes: u32,
    /// Connections that share a window.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=64))]
    pub(crate) connections: u64,
    /// The nodes to publish through.
    #[arg(long, value_enum, default_value_t = Through::Primary)]
    pub(crate) through: Through,
    /// What keeps published events in the queue while the rate of publishing is taken.
    #[arg(long, value_enum, default_value_t = Hold::Lane)]
    pub(crate) hold: Hold,
    /// GMP workers of each node while events are worked off.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u64).range(4..=1000))]
    pub(crate) threads: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Through {
    /// The primary's gateway
    Primary,
    /// The gateways of the other nodes
    Secondary,
    /// All gateways in turn
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Hold {
    /// The account's lane is paused, and worked off after each run
    Lane,
    /// Nothing: there is no route for the kind
    None,
}

impl Binary {
    pub(crate) fn path(&self) -> Result<PathBuf> {
        if let Some(binary) = &self.binary {
            return Ok(binary.clone());
        }
        let beside = std::env::current_exe()?.with_file_name("flotilla");
        ensure!(beside.exists(), "{} is missing: build it, or name it with --binary", beside.display());
        Ok(beside)
    }
}

impl ClusterArguments {
    pub(crate) fn binary(&self) -> Result<PathBuf> {
        self.binary.path()
    }

    /// The folder to use, and what removes it when it is a temporary one.
    pub(crate) fn folder(&self) -> Result<(PathBuf, Option<tempfile::TempDir>)> {
        if let Some(dir) = &self.dir {
            return Ok((dir.clone(), None));
        }
        let temporary = tempfile::tempdir()?;
        Ok((temporary.path().join("cluster"), Some(temporary)))
    }
}
