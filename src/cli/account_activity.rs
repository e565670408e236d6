//! `flotilla account session`, `flotilla account upload`

use clap::Subcommand;

use super::ConnectionArguments;

#[derive(Debug, Subcommand)]
pub(crate) enum AccountSessionCommand {
    /// Show who is logged in on the partner's page with an account.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
    },
    /// End a log-in, on every node at once.
    End {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        /// As `list` shows it.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountUploadCommand {
    /// Show the uploads in parts of an account.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
    },
    /// Give an upload up: what has come of it goes.
    Cancel {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        /// As `list` shows it.
        id: String,
    },
}
