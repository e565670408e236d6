//! `flotilla account`

use clap::{Args, Subcommand};

use super::{AccountSessionCommand, AccountUploadCommand, ConnectionArguments, WatchArguments};

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Show all accounts.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
    },
    /// Show one account.
    Show {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
    },
    /// Make an account. Without --password-stdin a password is made up and printed once.
    Add {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        #[command(flatten)]
        change: AccountArguments,
    },
    /// Change an account.
    Set {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        #[command(flatten)]
        change: AccountArguments,
        /// Let it in again.
        #[arg(long, conflicts_with = "disable")]
        enable: bool,
        /// Keep it out.
        #[arg(long)]
        disable: bool,
    },
    /// Remove an account that has no files.
    Remove {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
    },
    /// Log-ins on the partner's page.
    #[command(subcommand)]
    Session(AccountSessionCommand),
    /// Uploads in parts.
    #[command(subcommand)]
    Upload(AccountUploadCommand),
}

#[derive(Debug, Args)]
pub(crate) struct AccountArguments {
    /// Read the password from the first line of standard input.
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Most bytes that its files may have together; 0 lifts the quota.
    #[arg(long)]
    pub(crate) quota_bytes: Option<u64>,
    /// Most files that it may have; 0 lifts the quota.
    #[arg(long)]
    pub(crate) quota_files: Option<u64>,
}
