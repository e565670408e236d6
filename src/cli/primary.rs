//! `flotilla primary`

use clap::Subcommand;

use super::{ConnectionArguments, WatchArguments};

#[derive(Debug, Subcommand)]
pub(crate) enum PrimaryCommand {
    /// Show who leads, and who could.
    Show {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
    },
    /// Hand the lead over, with no request failing: to a node, or to the first of the servers list that has caught up.
    Handover {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// The next primary, named by its id.
        node: Option<u64>,
    },
}
