//! One file for each noun of the command line.

mod account;
mod account_activity;
mod added;
mod administrator;
mod administrator_certificate;
mod api_token;
mod audit;
mod audit_chain;
mod authority;
mod certificate;
mod doctor;
mod history;
mod log;
mod manager;
mod manual;
mod metrics;
mod node;
mod parameter;
mod primary;
mod profile;
mod queue;
mod route;
mod second_factor;
mod servers;
mod session;
mod statistics;
mod status;
mod sync;
mod taeh;
mod token;
mod transfers;

use anyhow::{Context, Result};
use flotilla_admin::ClientError;

use crate::cli::{Cli, Command};
use crate::demo;
use crate::exit::{CHECK_FAILED, UNAVAILABLE, USAGE, coded};
use crate::output::Format;
use crate::top;

/// Carries a command out.
pub(crate) fn run(cli: Cli) -> Result<()> {
    // The one provider of cryptography; fails only when it is set already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let format = Format::of(cli.json);
    if cli.profile.is_some() && !cli.command.takes_profile() {
        return Err(coded(USAGE, "this command works with no cluster that --profile could name"));
    }
    match cli.command {
        Command::Run(arguments) => node::run(&arguments),
        other => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
            runtime.block_on(dispatch(other, format))
        }
    }
}

async fn dispatch(command: Command, format: Format) -> Result<()> {
    match command {
        Command::Run(_) => Ok(()),
        Command::Demo(arguments) => demo::run(&arguments, format).await,
        Command::Init(arguments) => node::init(&arguments, format).await,
        Command::Join(arguments) => node::join(&arguments, format).await,
        Command::Status(arguments) => status::run(&arguments, format).await,
        Command::Top(arguments) => top::run(&arguments, format).await,
        Command::Token(command) => token::run(command, format).await,
        Command::Param(command) => parameter::run(command, format).await,
        Command::Account(command) => account::run(command, format).await,
        Command::Admin(command) => administrator::run(command, format).await,
        Command::ApiToken(command) => api_token::run(command, format).await,
        Command::Session(command) => session::run(command, format).await,
        Command::Route(command) => route::run(command, format).await,
        Command::Transfers(command) => transfers::run(command, format).await,
        Command::Statistics(arguments) => statistics::run(arguments, format).await,
        Command::History(arguments) => history::run(arguments, format).await,
        Command::Log(arguments) => log::run(arguments, format).await,
        Command::Queue(command) => queue::run(command, format).await,
        Command::Servers(command) => servers::run(command, format).await,
        Command::Ca(command) => authority::run(command, format).await,
        Command::Cert(command) => certificate::run(command, format).await,
        Command::Audit(command) => audit::run(command, format).await,
        Command::Primary(command) => primary::run(command, format).await,
        Command::Tm(command) => manager::run(command, format).await,
        Command::Sync(command) => sync::run(command, format).await,
        Command::Doctor(arguments) => doctor::run(&arguments, format).await,
        Command::Taeh(command) => taeh::run(command, format).await,
        Command::Profile(command) => profile::run(command, format).await,
        Command::Completions(arguments) => manual::completions(&arguments, format),
        Command::Man(arguments) => manual::man(&arguments, format),
        Command::Metrics(arguments) => metrics::run(&arguments, format).await,
    }
}

/// A failed call with the exit code that says whether a later try may help.
fn call<T>(answer: Result<T, ClientError>) -> Result<T> {
    answer.map_err(|error| coded(if error.is_retryable() { UNAVAILABLE } else { CHECK_FAILED }, error))
}
