//! `flotilla param`

use std::path::PathBuf;

use clap::Subcommand;

use super::{ConnectionArguments, WatchArguments, exit_codes};

#[derive(Debug, Subcommand)]
pub(crate) enum ParameterCommand {
    /// Show all parameters, or those whose name contains a text.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
        /// Part of a name, in any case.
        search: Option<String>,
    },
    /// Show one parameter.
    Get {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        /// As it is in force on one node, named by its id.
        #[arg(long)]
        node: Option<u64>,
    },
    /// Set a parameter; it takes effect on all nodes at once.
    Set {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        value: String,
        /// Only on one node, named by its id, instead of the cluster's value. Some parameters can be set so.
        #[arg(long)]
        node: Option<u64>,
        /// Only if its version is this one.
        #[arg(long)]
        expected_version: Option<u64>,
    },
    /// Go back to the default, or on one node to the cluster's value.
    #[command(alias = "reset")]
    Unset {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        /// The node, named by its id.
        #[arg(long)]
        node: Option<u64>,
        /// Only if its version is this one.
        #[arg(long)]
        expected_version: Option<u64>,
    },
    /// Show what a parameter was, newest first.
    History {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        /// The values that one node, named by its id, had for itself.
        #[arg(long)]
        node: Option<u64>,
    },
    /// Go back to what a parameter was before its last change, or to a version of its history.
    Revert {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        /// The value of one node, named by its id.
        #[arg(long)]
        node: Option<u64>,
        /// A version that `history` shows.
        #[arg(long)]
        to: Option<u64>,
    },
    /// Write the parameters that differ from their defaults as TOML, to be read by `import`.
    Export {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// Those at their defaults too.
        #[arg(long)]
        all: bool,
        /// File to write instead of standard output.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Set the parameters of a file that `export` wrote: all of them, or none if one is refused.
    #[command(after_help = exit_codes::IMPORT)]
    Import {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// The file; `-` reads standard input.
        file: PathBuf,
        /// Say what would change, and what would be refused.
        #[arg(long)]
        dry_run: bool,
    },
}
