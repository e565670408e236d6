//! `flotilla sync`

use clap::Subcommand;

use super::{ConnectionArguments, WatchArguments, exit_codes};

#[derive(Debug, Subcommand)]
pub(crate) enum SyncCommand {
    /// Show how far each node is, and when its state was last found equal.
    Status {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
    },
    /// Compare the digests of all nodes at one index of the log now.
    #[command(after_help = exit_codes::SYNC_VERIFY)]
    Verify {
        #[command(flatten)]
        connection: ConnectionArguments,
    },
    /// Make the state of a node anew from another node's, while all of them work.
    Repair {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// The node, named by its id.
        node: u64,
    },
}
