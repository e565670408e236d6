//! `flotilla audit`

use clap::Subcommand;
use jiff::Timestamp;

use super::ConnectionArguments;

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Show who changed what, newest first.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// Only what this administrator did.
        #[arg(long)]
        who: Option<String>,
        /// Only this operation, or all of a noun: `parameter.set`, `parameter`.
        #[arg(long)]
        operation: Option<String>,
        /// Only where the subject contains this text.
        #[arg(long)]
        subject: Option<String>,
        /// Only from this time on, such as 2026-11-27T08:00:00Z.
        #[arg(long)]
        since: Option<Timestamp>,
        /// Only before this time.
        #[arg(long)]
        until: Option<Timestamp>,
        /// Number of rows.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1000))]
        limit: u64,
        /// Go on after a page: the cursor that it printed.
        #[arg(long)]
        cursor: Option<u64>,
    },
    /// Show one row in full.
    Show {
        #[command(flatten)]
        connection: ConnectionArguments,
        id: u64,
    },
}
