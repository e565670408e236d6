//! `flotilla taeh`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConnectionArguments, exit_codes};

#[derive(Debug, Subcommand)]
pub(crate) enum TaehCommand {
    /// Show the fingerprint of the cluster secret, and how a change of it stands.
    ShowFingerprint {
        #[command(flatten)]
        place: SecretPlace,
    },
    /// Write the cluster secret to a file that its owner alone can read, or to standard output.
    Export {
        #[command(flatten)]
        place: SecretPlace,
        /// File to write; it must not be there yet.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Take a secret in: into the folder of a node that does not run (--dir), or into a running cluster, as `rotate` does.
    #[command(after_help = exit_codes::TAEH_CHANGE)]
    Import {
        #[command(flatten)]
        place: SecretPlace,
        /// File that `export` wrote; `-` reads standard input.
        file: PathBuf,
        /// The folder has another secret: put this one in its place.
        #[arg(long, requires = "dir")]
        replace: bool,
        /// Return as soon as the change has begun.
        #[arg(long, conflicts_with = "dir")]
        no_wait: bool,
    },
    /// Change the secret of the running cluster: old and new are accepted until every node has the new one.
    #[command(after_help = exit_codes::TAEH_CHANGE)]
    Rotate {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// Return as soon as the change has begun.
        #[arg(long)]
        no_wait: bool,
    },
    /// End a change although members do not have the new secret. They are cut off until it is imported there by hand.
    Finish {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// Say that it is meant.
        #[arg(long, required = true)]
        force: bool,
    },
}

/// A cluster, or the folder of a node that does not run.
#[derive(Debug, Args)]
pub(crate) struct SecretPlace {
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    /// Folder of a node that does not run, instead of a cluster.
    #[arg(long, conflicts_with_all = ["config", "profile", "url"])]
    pub(crate) dir: Option<PathBuf>,
}
