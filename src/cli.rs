//! The command line.

mod account;
mod account_activity;
mod administrator;
mod administrator_certificate;
mod api_token;
mod audit;
mod authority;
mod certificate;
mod connection;
mod demo;
mod doctor;
mod exit_codes;
mod history;
mod lifetime;
mod log;
mod manager;
mod manual;
mod metrics;
mod node;
mod parameter;
mod primary;
mod profile;
mod queue;
#[cfg(test)]
mod rest_operations;
mod route;
mod second_factor;
mod servers;
mod session;
mod statistics;
mod status;
mod sync;
mod taeh;
mod token;
mod top;
mod transfers;
mod watch;

use clap::{Parser, Subcommand};

pub(crate) use account::{AccountArguments, AccountCommand};
pub(crate) use account_activity::{AccountSessionCommand, AccountUploadCommand};
pub(crate) use administrator::AdministratorCommand;
pub(crate) use administrator_certificate::AdministratorCertificateCommand;
pub(crate) use api_token::ApiTokenCommand;
pub(crate) use audit::AuditCommand;
pub(crate) use authority::AuthorityCommand;
pub(crate) use certificate::{CertificateCommand, FileFormat, PasswordArguments, SubjectArguments};
pub(crate) use connection::{ConnectionArguments, StorePlace};
pub(crate) use demo::DemoArguments;
pub(crate) use doctor::DoctorArguments;
pub(crate) use history::HistoryArguments;
pub(crate) use log::LogArguments;
pub(crate) use manager::ManagerCommand;
pub(crate) use manual::{CompletionsArguments, ManArguments};
pub(crate) use metrics::MetricsArguments;
pub(crate) use node::{InitArguments, JoinArguments, PlaceArguments, RunArguments};
pub(crate) use parameter::ParameterCommand;
pub(crate) use primary::PrimaryCommand;
pub(crate) use profile::{ProfileArguments, ProfileCommand};
pub(crate) use queue::{FilterArguments, QueueCommand, SelectionArguments};
pub(crate) use route::{RouteCommand, StepArguments};
pub(crate) use second_factor::SecondFactorCommand;
pub(crate) use servers::ServersCommand;
pub(crate) use session::SessionCommand;
pub(crate) use statistics::StatisticsArguments;
pub(crate) use status::StatusArguments;
pub(crate) use sync::SyncCommand;
pub(crate) use taeh::{SecretPlace, TaehCommand};
pub(crate) use token::TokenCommand;
pub(crate) use top::TopArguments;
pub(crate) use transfers::{PageArguments, TransfersCommand};
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
    /// Count what accounts have sent and what became of it, by hour or day.
    Statistics(StatisticsArguments),
    /// Show how the nodes fared in the last hour, ten seconds a row.
    History(HistoryArguments),
    /// Show the log of all nodes' processes, merged.
    Log(LogArguments),
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
