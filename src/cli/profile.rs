//! `flotilla profile`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::exit_codes;

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Remember how a cluster is reached.
    Add {
        /// Name of the profile.
        #[arg(value_parser = crate::profiles::parse_name)]
        name: String,
        #[command(flatten)]
        profile: ProfileArguments,
        /// Take the place of a profile with this name.
        #[arg(long)]
        replace: bool,
        /// Use it from now on when nothing else is named.
        #[arg(long = "use")]
        make_default: bool,
    },
    /// Show all profiles.
    List,
    /// Show one profile, and whether its files are in order.
    #[command(after_help = exit_codes::PROFILE_SHOW)]
    Show {
        /// Name of the profile. [default: the one that commands would use here]
        name: Option<String>,
    },
    /// Forget a profile, and the files that `add` has made for it.
    Remove { name: String },
    /// Use a profile when nothing else is named.
    Use {
        #[arg(required_unless_present = "none")]
        name: Option<String>,
        /// Use none.
        #[arg(long, conflicts_with = "name")]
        none: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ProfileArguments {
    /// Admin URL of a node, such as https://ft1.example.org:8444; once for each: the next one is tried when one does not answer.
    #[arg(long = "url", required = true, value_name = "URL")]
    pub(crate) urls: Vec<String>,
    /// PEM file of the CAs of these nodes: `flotilla ca export --all` writes it.
    #[arg(long)]
    pub(crate) ca: PathBuf,
    #[command(flatten)]
    pub(crate) login: LoginArguments,
    /// Ask the cluster for the URLs and the CAs of all its nodes, and remember these too.
    #[arg(long)]
    pub(crate) all_nodes: bool,
}

/// Who logs in. A secret stands in a file, never on the command line.
#[derive(Debug, Args)]
pub(crate) struct LoginArguments {
    /// File with an API token, which only its owner may read (mode 0600).
    #[arg(long, required_unless_present_any = ["token_stdin", "user", "client_cert"], conflicts_with_all = ["token_stdin", "user"])]
    pub(crate) token_file: Option<PathBuf>,
    /// Read an API token from the first line of standard input, into a file beside the profiles.
    #[arg(long, conflicts_with = "user")]
    pub(crate) token_stdin: bool,
    /// PEM file with the certificate of an administrator: see `flotilla admin certificate`.
    #[arg(long, requires = "client_key", conflicts_with_all = ["token_file", "token_stdin", "user"])]
    pub(crate) client_cert: Option<PathBuf>,
    /// PEM file with its private key, in clear, which only its owner may read (mode 0600).
    #[arg(long, requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,
    /// Administrator, whose password is asked for each time, or is in --password-file.
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// File with the administrator's password, which only its owner may read (mode 0600).
    #[arg(long, requires = "user")]
    pub(crate) password_file: Option<PathBuf>,
}
