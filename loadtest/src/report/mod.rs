//! What people get of a run: a page, tables for other programs, a text for the terminal, and how two runs differ.

mod csv;
pub(crate) mod difference;
pub(crate) mod files;
mod measured;
mod page;
pub(crate) mod run;
#[cfg(test)]
mod sample;
pub(crate) mod summary;
mod units;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::terminal;

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// The run: its `run.json`, or the folder that holds it.
    run: PathBuf,
    /// Write into this folder instead, together with a copy of `run.json`.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Replace the run that `--out` may hold already.
    #[arg(long, requires = "out")]
    overwrite: bool,
}

/// Makes page and tables anew, and sums up the run.
pub(crate) fn run(arguments: &ReportArguments) -> Result<()> {
    let run = files::read(&arguments.run)?;
    let dir = match &arguments.out {
        Some(out) => {
            files::write(&run, out, arguments.overwrite)?;
            out.clone()
        }
        None => {
            let dir = files::folder(&arguments.run);
            files::write_derived(&run, &dir)?;
            dir
        }
    };
    terminal::print(&summary::text(&run, Some(&dir)))
}
