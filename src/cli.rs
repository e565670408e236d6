//! The command line.

mod api_token;
mod audit;
mod authority;
mod certificate;
mod doctor;
mod exit_codes;
mod lifetime;
mod manager;
mod manual;
mod metrics;
mod parameter;
mod primary;
mod profile;
mod queue;
#[cfg(test)]
mod rest_operations;
mod second_factor;
mod servers;
mod session;
mod sync;
mod taeh;
mod top;
mod watch;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use api_token::ApiTokenCommand;
pub(crate) use audit::AuditCommand;
pub(crate) use authority::AuthorityCommand;
pub(crate) use certificate::{CertificateCommand, FileFormat, PasswordArguments, SubjectArguments};
pub(crate) use doctor::DoctorArguments;
pub(crate) use manager::ManagerCommand;
pub(crate) use manual::{CompletionsArguments, ManArguments};
pub(crate) use metrics::MetricsArguments;
pub(crate) use parameter::ParameterCommand;
pub(crate) use primary::PrimaryCommand;
pub(crate) use profile::{ProfileArguments, ProfileCommand};
pub(crate) use queue::{FilterArguments, QueueCommand, SelectionArguments};
pub(crate) use second_factor::SecondFactorCommand;
pub(crate) use servers::ServersCommand;
pub(crate) use session::SessionCommand;
pub(crate) use sync::SyncCommand;
pub(crate) use taeh::{SecretPlace, TaehCommand};
pub(crate) use top::TopArguments;
pub(crate) use watch::WatchArguments;

/// An active/active cluster of secure file-transfer servers.
///
/// Two commands make a cluster: `flotilla init` on the first host, `flotilla join` on each further one; `flotilla run` starts a node.
/// `flotilla demo` shows all of it on this machine.
#[derive(Debug, Parser)]
#[command(name = "flotilla", version, max_term_width = 110, after_help = crate::exit::listed())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Print one JSON document instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Before the command, too: where there is one, it is that of [`ConnectionArguments`], by the same name.
    #[arg(long, global = true, hide = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a cluster of processes on this machine and send a file through it.
    #[command(after_help = exit_codes::DEMO)]
    Demo(DemoArguments),
    /// Make the first node of a cluster.
    Init(InitArguments),
    /// Make a further node of a cluster.
    Join(JoinArguments),
    /// Run a node until it is told to stop.
    #[command(after_help = exit_codes::RUN)]
    Run(RunArguments),
    /// Show nodes, roles, log, event queue, workers.
    #[command(after_help = exit_codes::STATUS)]
    Status(StatusArguments),
    /// Watch the cluster in the terminal: nodes, queue, lanes, alerts. h shows the keys, q ends it.
    Top(TopArguments),
    /// One-time permissions to join.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Parameters of the cluster.
    #[command(subcommand)]
    Param(ParameterCommand),
    /// Accounts of partners.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Administrators of the cluster.
    #[command(subcommand, alias = "administrator")]
    Admin(AdministratorCommand),
    /// API tokens: how programs come in.
    #[command(subcommand)]
    ApiToken(ApiTokenCommand),
    /// Sessions of administrators in browsers.
    #[command(subcommand)]
    Session(SessionCommand),
    /// What is done with the files that an account sends, and with its applications' events.
    #[command(subcommand)]
    Route(RouteCommand),
    /// The transfer log.
    #[command(subcommand)]
    Transfers(TransfersCommand),
    /// The event queue: its events, its dead letters, its lanes.
    #[command(subcommand, alias = "events")]
    Queue(QueueCommand),
    /// The members, in order of promotion.
    #[command(subcommand)]
    Servers(ServersCommand),
    /// Who leads, and who is to lead.
    #[command(subcommand)]
    Primary(PrimaryCommand),
    /// The Transaction Managers: which nodes work on events.
    #[command(subcommand)]
    Tm(ManagerCommand),
    /// Look, from every node, at names, ports, clocks, disks, certificates, agreement.
    #[command(after_help = exit_codes::DOCTOR)]
    Doctor(DoctorArguments),
    /// Whether all nodes have the same state.
    #[command(subcommand)]
    Sync(SyncCommand),
    /// The cluster secret.
    #[command(subcommand)]
    Taeh(TaehCommand),
    /// The CAs of the nodes, and whom the cluster trusts.
    #[command(subcommand)]
    Ca(AuthorityCommand),
    /// The certificates of the nodes.
    #[command(subcommand)]
    Cert(CertificateCommand),
    /// The audit log: who changed what.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Profiles of clusters: how each is reached, by a name.
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Print what the node measures, as Prometheus reads it.
    Metrics(MetricsArguments),
    /// Print the script with which a shell completes commands and options.
    Completions(CompletionsArguments),
    /// Write the manual, a page for each command.
    Man(ManArguments),
}

impl Command {
    /// Works with a cluster that a profile may name.
    pub(crate) fn takes_profile(&self) -> bool {
        !matches!(
            self,
            Self::Demo(_)
                | Self::Init(_)
                | Self::Join(_)
                | Self::Run(_)
                | Self::Profile(_)
                | Self::Completions(_)
                | Self::Man(_)
        )
    }
}

/// Where a node lives.
#[derive(Debug, Args)]
pub(crate) struct PlaceArguments {
    /// Folder of the node: made if it is missing.
    #[arg(long, default_value = "flotilla")]
    pub(crate) dir: PathBuf,
    /// Host name or address by which partners and the other nodes reach this host.
    #[arg(long)]
    pub(crate) name: String,
    /// Address to listen on.
    #[arg(long, default_value = "0.0.0.0")]
    pub(crate) bind: IpAddr,
    /// Port for traffic between the nodes.
    #[arg(long, default_value_t = 44431)]
    pub(crate) cluster_port: u16,
    /// Port for administration.
    #[arg(long, default_value_t = 8444)]
    pub(crate) admin_port: u16,
    /// Port for partners (HTTPS).
    #[arg(long, default_value_t = 8443)]
    pub(crate) transfer_port: u16,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Name of the cluster, for people.
    #[arg(long, default_value = "flotilla")]
    pub(crate) cluster_name: String,
    /// Name of the first administrator.
    #[arg(long, default_value = "admin")]
    pub(crate) admin: String,
}

#[derive(Debug, Args)]
pub(crate) struct JoinArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Admin URL of the member that made the token.
    #[arg(long)]
    pub(crate) primary: String,
    /// The token that `flotilla token create` printed; `-` reads it from standard input.
    #[arg(long, required_unless_present = "by_hand", conflicts_with = "by_hand")]
    pub(crate) token: Option<String>,
    /// Instead of a token: the folder has the cluster secret and the CAs of the others, and `flotilla servers add` has
    /// named this host.
    #[arg(long)]
    pub(crate) by_hand: bool,
    /// `full`: serves partners, holds files, runs workers; `witness`: votes only, so that two full nodes survive the loss of one.
    #[arg(long, default_value = "full", value_parser = ["full", "witness"])]
    pub(crate) role: String,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The node file.
    #[arg(long, short, default_value = "flotilla.toml")]
    pub(crate) config: PathBuf,
    /// Check the configuration, say what is wrong, and end.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Folder of the demo cluster; started again in the same folder it goes on with all data.
    #[arg(long, default_value = "flotilla-demo")]
    pub(crate) dir: PathBuf,
    /// Number of nodes: 1, 3 or 5. [default: 3]
    #[arg(long, value_parser = parse_demo_nodes)]
    pub(crate) nodes: Option<u16>,
    /// First port; each node takes a block of ten (x3 partners, x4 administration, x1 cluster). [default: 8440, or the next free block]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=65_000))]
    pub(crate) base_port: Option<u16>,
    /// End after the check, with 0 if all of it went well.
    #[arg(long)]
    pub(crate) once: bool,
}

fn parse_demo_nodes(text: &str) -> Result<u16, String> {
    match text {
        "1" | "3" | "5" => text.parse().map_err(|error| format!("{error}")),
        _ => Err("1, 3 or 5 (a majority of an even number stands no more losses)".to_owned()),
    }
}

/// How to reach the cluster: through a member's own folder, over the network, or as a profile says.
#[derive(Debug, Default, Args)]
pub(crate) struct ConnectionArguments {
    /// Node file of a member on this host; its folder holds what is needed to get in. [default: ./flotilla.toml, then ./flotilla/flotilla.toml, then /etc/flotilla/flotilla.toml]
    #[arg(long, short, conflicts_with_all = ["url", "profile"])]
    pub(crate) config: Option<PathBuf>,
    /// Profile of a cluster: see `flotilla profile`. [env: FLOTILLA_PROFILE]
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub(crate) profile: Option<String>,
    /// Admin URL of any node, such as https://ft1.example.org:8444; given again, the next one is tried when one does not answer.
    #[arg(long, requires = "ca")]
    pub(crate) url: Vec<String>,
    /// Administrator, with --url.
    #[arg(long, requires = "url")]
    pub(crate) user: Option<String>,
    /// File with an API token, with --url instead of --user.
    #[arg(long, requires = "url", conflicts_with_all = ["user", "password_file"])]
    pub(crate) token_file: Option<PathBuf>,
    /// File with the administrator's password; without it it is read from standard input.
    #[arg(long, requires = "url")]
    pub(crate) password_file: Option<PathBuf>,
    /// PEM file of the CA of that node, or of all of them.
    #[arg(long, requires = "url")]
    pub(crate) ca: Option<PathBuf>,
}

impl ConnectionArguments {
    /// Nothing says which cluster is meant.
    pub(crate) fn is_empty(&self) -> bool {
        self.config.is_none() && self.profile.is_none() && self.url.is_empty()
    }
}

/// The keys and certificates of a node of a cluster, or in the folder of a node that does not run.
#[derive(Debug, Args)]
pub(crate) struct StorePlace {
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    /// The node, named by its id. [default: the one that answers; with `list` all]
    #[arg(long)]
    pub(crate) node: Option<u64>,
    /// Folder of a node that does not run, instead of a cluster.
    #[arg(long, conflicts_with_all = ["config", "profile", "url", "node"])]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    #[command(flatten)]
    pub(crate) watch: WatchArguments,
    /// Show the actors of the answering node too.
    #[arg(long)]
    pub(crate) actors: bool,
    /// Wait first, for so many seconds at most, until the node is ready to serve partners.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) wait: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Print a one-time token with which one node may join. It pins the CA of the member that made it.
    Create {
        #[command(flatten)]
        connection: ConnectionArguments,
        /// How long it is good for, in seconds.
        #[arg(long, default_value_t = 3600, value_parser = clap::value_parser!(u64).range(60..=604_800))]
        lifetime: u64,
    },
}

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
        /// What they may do: `administrator` everything, `operator` steer work, `auditor` look.
        #[arg(long, default_value = "auditor", value_parser = ["administrator", "operator", "auditor"])]
        role: String,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Set the password of an administrator. Without --password-stdin one is made up and printed once.
    Password {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give an administrator another role. Their sessions end.
    Role {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
        /// What they may do: `administrator` everything, `operator` steer work, `auditor` look.
        #[arg(value_parser = ["administrator", "operator", "auditor"])]
        role: String,
    },
    /// Let an administrator log in again who has failed too often.
    Unlock {
        #[command(flatten)]
        connection: ConnectionArguments,
        name: String,
    },
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

/// Which rows of a long list.
#[derive(Debug, Args)]
pub(crate) struct PageArguments {
    /// Only those of one account.
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Only those in one state.
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Number of rows.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) limit: u64,
    /// Go on after a page: the cursor that it printed.
    #[arg(long)]
    pub(crate) cursor: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TransfersCommand {
    /// Show transfers, newest first. States: in-progress, processed, failed, failed-subtransmission, paused.
    List {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
        #[command(flatten)]
        page: PageArguments,
    },
    /// Show one transfer with each step.
    Show {
        #[command(flatten)]
        connection: ConnectionArguments,
        #[command(flatten)]
        watch: WatchArguments,
        id: u64,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn a_profile_is_named_before_or_behind_the_command() {
        for arguments in [["flotilla", "--profile", "prod", "status"], ["flotilla", "status", "--profile", "prod"]] {
            match Cli::try_parse_from(arguments).unwrap().command {
                Command::Status(status) => assert_eq!(status.connection.profile.as_deref(), Some("prod")),
                other => panic!("{other:?}"),
            }
        }
        let init = Cli::try_parse_from(["flotilla", "--profile", "prod", "init", "--name", "x"]).unwrap();
        assert!(init.profile.is_some() && !init.command.takes_profile());
    }

    #[test]
    fn names_of_commands_and_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
