//! `flotilla log`

use clap::Args;
use jiff::Timestamp;

use super::ConnectionArguments;

#[derive(Debug, Args)]
pub(crate) struct LogArguments {
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    /// Only the log of one node, named by its id.
    #[arg(long)]
    pub(crate) node: Option<u64>,
    /// Only lines that are at least as severe.
    #[arg(long, value_parser = ["error", "warn", "info", "debug", "trace"])]
    pub(crate) level: Option<String>,
    /// Only from this time on, such as 2026-11-27T08:00:00Z.
    #[arg(long)]
    pub(crate) since: Option<Timestamp>,
    /// Only lines with this text, in any case; `event=17` finds what was said of that event.
    #[arg(long)]
    pub(crate) contains: Option<String>,
    /// Number of lines.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) limit: u64,
    /// Go on after a page: the cursor that it printed.
    #[arg(long, conflicts_with = "follow")]
    pub(crate) cursor: Option<String>,
    /// Go on with what is said from now on, until Ctrl-C; with --json a line each.
    #[arg(long, short)]
    pub(crate) follow: bool,
}
