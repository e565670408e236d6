//! `flotilla admin`

use clap::Subcommand;

use super::{AdministratorCertificateCommand, ConnectionArguments, SecondFactorCommand};

#[derive(Debug, Subcommand)]
pub(crate) enum AdministratorCommand {
    /// Show all administrators.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
    },
    /// Show one administrator.
    Show {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
    },
    /// Make an administrator. Without --password-stdin a password is made up and printed once.
    Add {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        /// What they may do: `administrator` everything, `operator` steer work, `auditor` look, `delegate` look after the accounts that are named.
        #[arg(long, default_value = "auditor", value_parser = ["administrator", "operator", "auditor", "delegate"])]
        role: String,
        /// An account that a delegate looks after; once for each.
        #[arg(long = "account", value_name = "NAME")]
        accounts: Vec<String>,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
        /// The password is good for one log-in, at which they set another one.
        #[arg(long)]
        must_change: bool,
    },
    /// Set the password of an administrator. Without --password-stdin one is made up and printed once.
    Password {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
        /// The password is good for one log-in, at which they set another one.
        #[arg(long)]
        must_change: bool,
    },
    /// Give an administrator another role. Their sessions end.
    Role {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        /// What they may do: `administrator` everything, `operator` steer work, `auditor` look, `delegate` look after the accounts that are named.
        #[arg(value_parser = ["administrator", "operator", "auditor", "delegate"])]
        role: String,
        /// An account that a delegate looks after, and no others; once for each.
        #[arg(long = "account", value_name = "NAME")]
        accounts: Vec<String>,
    },
    /// Let an administrator log in again who has failed too often.
    Unlock {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
    },
    /// Shut an administrator out: their sessions and API tokens end. The last who may administer stays.
    Disable {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
    },
    /// Let an administrator in again who was disabled.
    Enable {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
    },
    /// Client certificates with which they, and programs of theirs, come in.
    #[command(subcommand)]
    Certificate(AdministratorCertificateCommand),
    /// One-time codes beside the password.
    #[command(subcommand)]
    SecondFactor(SecondFactorCommand),
    /// Remove an administrator; the last one stays.
    Remove {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
    },
}
