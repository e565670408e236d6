//! `flotilla doctor`

use clap::Args;

use super::{ConnectionArguments, WatchArguments};

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    #[command(flatten)]
    pub(crate) watch: WatchArguments,
    /// Only as seen from this node, named by its id.
    #[arg(long)]
    pub(crate) node: Option<u64>,
}
