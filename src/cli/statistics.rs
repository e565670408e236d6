//! `flotilla statistics`

use clap::Args;
use jiff::Timestamp;

use super::{ConnectionArguments, WatchArguments};

#[derive(Debug, Args)]
pub(crate) struct StatisticsArguments {
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    #[command(flatten)]
    pub(crate) watch: WatchArguments,
    /// Only this account.
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// From this time on, such as 2026-11-27T08:00:00Z. [default: seven days before --until]
    #[arg(long)]
    pub(crate) since: Option<Timestamp>,
    /// Before this time. [default: now]
    #[arg(long)]
    pub(crate) until: Option<Timestamp>,
    /// How much time a row is for: hours and days are those of UTC.
    #[arg(long, default_value = "day", value_parser = ["hour", "day", "period"])]
    pub(crate) per: String,
}
