//! `flotilla audit`

use std::path::PathBuf;

use clap::Subcommand;
use jiff::Timestamp;

use super::{ConnectionArguments, WatchArguments, exit_codes};

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Show who changed what, newest first.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
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
    /// Write all rows that are kept, oldest first, a JSON document a line.
    Export {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// Only rows after this one: what came since the last export.
        #[arg(long)]
        after: Option<u64>,
        /// File to write; it must not be there yet. [default: standard output]
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Check that no row was altered, put in or taken out, and say which is the first that was.
    #[command(after_help = exit_codes::AUDIT_VERIFY)]
    Verify {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// File that `export` wrote; `-` reads standard input. [default: the log of the cluster]
        file: Option<PathBuf>,
        /// The hash that the newest row has to have, as an earlier check or export said: then no rows were cut off at the end either.
        #[arg(long)]
        newest: Option<String>,
    },
    /// Show one row in full.
    Show {
        #[command(flatten)]
        connection: ConnectionArguments,
        id: u64,
    },
}
