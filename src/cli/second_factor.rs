//! `flotilla admin second-factor`

use clap::Subcommand;

use super::ConnectionArguments;

#[derive(Debug, Subcommand)]
pub(crate) enum SecondFactorCommand {
    /// Make a second factor of one's own (--url, --user): prints what the authenticator needs, and recovery codes, this once.
    Enrol {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
    },
    /// Show that the authenticator makes its codes; from then on one is needed.
    Confirm {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        /// What the authenticator shows.
        code: String,
    },
    /// Take the second factor of another administrator away.
    Reset {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
    },
}
