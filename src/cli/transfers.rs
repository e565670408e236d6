//! `flotilla transfers`

use clap::{Args, Subcommand};

use super::{ConnectionArguments, WatchArguments};

/// Which rows of a long list.
#[derive(Debug, Args)]
pub(crate) struct PageArguments {
    /// Only those of one account.
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Only those in one state.
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Number of rows.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) limit: u64,
    /// Go on after a page: the cursor that it printed.
    #[arg(long)]
    pub(crate) cursor: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TransfersCommand {
    /// Show transfers, newest first. States: in-progress, processed, failed, failed-subtransmission, paused.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
        #[command(flatten)]
        page: PageArguments,
    },
    /// Show one transfer with each step.
    Show {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
        id: u64,
    },
    /// Run the account's route again on the file of a transfer, from its beginning.
    Resubmit {
        #[command(flatten)]
        connection: ConnectionArguments,
        id: u64,
    },
}
