//! How two runs of one scenario differ: what became better, what became worse.

mod compare;
mod figure;
mod show;
mod usage;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::files;
use crate::terminal;

#[derive(Debug, Args)]
pub(crate) struct DifferenceArguments {
    /// The earlier run: its `run.json`, or the folder that holds it.
    before: PathBuf,
    /// The later run.
    after: PathBuf,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Prints how the later run stands beside the earlier one.
pub(crate) fn run(arguments: &DifferenceArguments) -> Result<()> {
    let difference = compare::difference(&files::read(&arguments.before)?, &files::read(&arguments.after)?);
    if arguments.json {
        return terminal::print(&format!("{}\n", serde_json::to_string_pretty(&difference)?));
    }
    terminal::print(&show::text(&difference))
}
