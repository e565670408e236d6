//! `flotilla admin certificate`

use std::path::PathBuf;

use clap::Subcommand;

use super::ConnectionArguments;

#[derive(Debug, Subcommand)]
pub(crate) enum AdministratorCertificateCommand {
    /// Show the client certificates of an administrator.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
    },
    /// Register a client certificate: who shows it, and has its key, is that administrator.
    Add {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        /// PEM file with the certificate, without its key; of a chain the first counts.
        file: PathBuf,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
    },
    /// Take a client certificate away. It is good for nothing more at once.
    Remove {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        /// SHA-256 of the certificate, as `list` shows it.
        fingerprint: String,
    },
}
