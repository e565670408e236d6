//! `flotilla top`

use clap::Args;

use super::ConnectionArguments;

#[derive(Debug, Args)]
pub(crate) struct TopArguments {
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    /// How often the cluster is asked, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub(crate) every: u64,
}
