//! `flotilla session`

use clap::Subcommand;

use super::{ConnectionArguments, WatchArguments};

#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// Show who is logged in, newest first.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
    },
    /// End a session at once, on all nodes.
    End {
        #[command(flatten)]
        connection: ConnectionArguments,
        id: String,
    },
}
