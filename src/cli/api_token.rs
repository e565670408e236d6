//! `flotilla api-token`

use clap::Subcommand;

use super::ConnectionArguments;

#[derive(Debug, Subcommand)]
pub(crate) enum ApiTokenCommand {
    /// Print a token with which a program works for an administrator. It is shown this once.
    Create {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// Name of the token, by which the audit log knows it.
        name: String,
        /// What it may do, no more than its owner: `administrator` everything, `operator` steer work, `auditor` look.
        #[arg(long, default_value = "auditor", value_parser = ["administrator", "operator", "auditor", "delegate"])]
        role: String,
        /// How long it is good for, in days. [default: until it is revoked]
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..=3650))]
        days: Option<u64>,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
        /// Administrator for whom it works; needed, and allowed, through a member's own folder only.
        #[arg(long, conflicts_with = "url")]
        owner: Option<String>,
    },
    /// Show the tokens of all administrators.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
    },
    /// End a token at once, on all nodes.
    Revoke {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
    },
}
