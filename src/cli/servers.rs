//! `flotilla servers`

use std::path::PathBuf;

use clap::Subcommand;

use super::{ConnectionArguments, WatchArguments, exit_codes};

#[derive(Debug, Subcommand)]
pub(crate) enum ServersCommand {
    /// Show the members in order of promotion.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
    },
    /// Let a host join by hand: one that was given the cluster secret and the CAs. It then runs `join --by-hand`.
    Add {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// Its name, as `join --name` will have it.
        host: String,
        /// How long it may take until it joins, in seconds.
        #[arg(long, default_value_t = 86_400, value_parser = clap::value_parser!(u64).range(60..=604_800))]
        lifetime: u64,
    },
    /// Take a member out of the cluster for good.
    #[command(after_help = exit_codes::SERVERS_REMOVE)]
    Remove {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// The member, named by its id.
        node: u64,
        /// First have others take over what it has: its contents are copied, its work ends. Without it a member that alone
        /// holds some contents is refused, and its work is begun anew by others.
        #[arg(long)]
        wait: bool,
        /// How long to wait for that, in seconds. Then the member goes on leaving: repeat the command, or `servers keep`.
        #[arg(long, default_value_t = 3_600, requires = "wait", value_parser = clap::value_parser!(u64).range(1..=604_800))]
        timeout: u64,
    },
    /// Keep a member that `remove --wait` has begun to take out.
    Keep {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// The member, named by its id.
        node: u64,
    },
    /// Put a member at a place of the order of promotion.
    Move {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// The member, named by its id.
        node: u64,
        /// 1: first to be promoted.
        #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
        place: u32,
    },
    /// Write the list in the form of the `servers` file: host TAB admin URL, the primary by preference first.
    Export {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// File to write instead of standard output.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Bring the members into the order of a `servers` file.
    #[command(after_help = exit_codes::IMPORT)]
    Import {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// The file; `-` reads standard input.
        file: PathBuf,
        /// Remove members that the file leaves out; without it such a file is refused.
        #[arg(long)]
        remove_missing: bool,
        /// Say what would be done.
        #[arg(long)]
        dry_run: bool,
    },
}
