//! `flotilla history`

use clap::Args;

use super::lifetime::Lifetime;
use super::{ConnectionArguments, WatchArguments};

#[derive(Debug, Args)]
pub(crate) struct HistoryArguments {
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    #[command(flatten)]
    pub(crate) watch: WatchArguments,
    /// Only this node.
    #[arg(long)]
    pub(crate) node: Option<u64>,
    /// How far back: 90s, 30m, 1h. Each node keeps an hour, as long as its process runs.
    #[arg(long, default_value = "5m")]
    pub(crate) last: Lifetime,
}
