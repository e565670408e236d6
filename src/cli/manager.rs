//! `flotilla tm`

use clap::{Args, Subcommand};

use super::{ConnectionArguments, WatchArguments};

#[derive(Debug, Subcommand)]
pub(crate) enum ManagerCommand {
    /// Let a node, or all, work on events again.
    Start {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        which: WhichNodes,
    },
    /// Let a node, or all, take no new events: what is begun may end within TransactionManager.GracefulShutdownTimeout, then it is
    /// given back. The node votes, stores and serves partners as before.
    Stop {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        which: WhichNodes,
        /// Return at once instead of waiting until the work has ended.
        #[arg(long)]
        no_wait: bool,
    },
    /// Show how each node stands.
    Status {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
        /// Only this node, named by its id.
        node: Option<u64>,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct WhichNodes {
    /// The node, named by its id.
    pub(crate) node: Option<u64>,
    /// All nodes.
    #[arg(long)]
    pub(crate) all: bool,
}
