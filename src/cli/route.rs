//! `flotilla route`, and the steps that other commands take, too

use clap::{Args, Subcommand};

use super::ConnectionArguments;

#[derive(Debug, Subcommand)]
pub(crate) enum RouteCommand {
    /// Show the routes of all accounts.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
    },
    /// Show the routes of an account, or the one of a kind.
    Show {
        #[command(flatten)]
        connection: ConnectionArguments,
        account: String,
        /// Only the route of this kind, as it was set.
        #[arg(long)]
        kind: Option<String>,
    },
    /// Set a route of an account: its steps, in order.
    #[command(mut_arg("steps", |steps| steps.required(true)))]
    Set {
        #[command(flatten)]
        connection: ConnectionArguments,
        account: String,
        /// Of which events: `file.received`, a kind of the applications' own, or those with a beginning: 'order.*'.
        #[arg(long, default_value = "file.received")]
        kind: String,
        /// Lane in which its events queue. [default: the account's]
        #[arg(long)]
        lane: Option<String>,
        /// Of events that bring none of their own: 0 to 9, 9 goes first. [default: 4]
        #[arg(long, value_parser = clap::value_parser!(u8).range(0..=9))]
        priority: Option<u8>,
        #[command(flatten)]
        steps: StepArguments,
    },
    /// Show what a route would do with a transfer or an event. Nothing is run, and nobody is called.
    #[command(group(clap::ArgGroup::new("subject").required(true).args(["transfer", "event"])))]
    DryRun {
        #[command(flatten)]
        connection: ConnectionArguments,
        account: String,
        /// A transfer of the account.
        #[arg(long)]
        transfer: Option<u64>,
        /// An event of the account that has not ended.
        #[arg(long)]
        event: Option<u64>,
        /// With --step: instead of the steps that are set.
        #[command(flatten)]
        steps: StepArguments,
    },
    /// Take a route of an account away.
    Remove {
        #[command(flatten)]
        connection: ConnectionArguments,
        account: String,
        /// The kind for which it was set.
        #[arg(long, default_value = "file.received")]
        kind: String,
    },
}

/// Steps, in order.
#[derive(Debug, Args)]
pub(crate) struct StepArguments {
    /// A step: `checksum`, `publish=ACCOUNT:FOLDER`, `webhook=URL`, `command=PROGRAM` or `log=TEXT`.
    #[arg(long = "step")]
    pub(crate) steps: Vec<String>,
    /// Read the key that signs the webhooks from the first line of standard input.
    #[arg(long, requires = "steps")]
    pub(crate) webhook_key_stdin: bool,
    /// Timeout of the webhooks, in milliseconds.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=300_000))]
    pub(crate) webhook_timeout: u64,
    /// The receiver of the webhooks honours the idempotency key: a doubtful delivery is repeated by itself.
    #[arg(long, requires = "steps")]
    pub(crate) webhook_idempotent: bool,
    #[command(flatten)]
    pub(crate) command: CommandArguments,
}

#[derive(Debug, Args)]
pub(crate) struct CommandArguments {
    /// An argument of the commands; once for each. No shell reads it.
    #[arg(long = "command-argument", requires = "steps", allow_hyphen_values = true)]
    pub(crate) command_arguments: Vec<String>,
    /// Timeout of the commands, in milliseconds: then they are killed.
    #[arg(long, default_value_t = 60_000, value_parser = clap::value_parser!(u64).range(1..=86_400_000))]
    pub(crate) command_timeout: u64,
    /// A second run of the commands does no harm: a doubtful one is repeated by itself.
    #[arg(long, requires = "steps")]
    pub(crate) command_idempotent: bool,
}
