//! `flotilla status`

use clap::Args;

use super::{ConnectionArguments, WatchArguments};

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    #[command(flatten)]
    pub(crate) watch: WatchArguments,
    /// Show the actors of the answering node too.
    #[arg(long)]
    pub(crate) actors: bool,
    /// Wait first, for so many seconds at most, until the node is ready to serve partners.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) wait: Option<u64>,
}
