//! `flotilla token`

use clap::Subcommand;

use super::ConnectionArguments;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Print a one-time token with which one node may join. It pins the CA of the member that made it.
    Create {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// How long it is good for, in seconds.
        #[arg(long, default_value_t = 3600, value_parser = clap::value_parser!(u64).range(60..=604_800))]
        lifetime: u64,
    },
}
