//! The load harness: drives a cluster of real processes through the interfaces that users have, and says how fast it is.

mod arguments;
mod bed;
mod collector;
mod compare;
mod events;
mod figures;
mod flames;
mod growth;
mod machine;
mod meter;
mod partner;
mod publisher;
mod report;
mod run;
mod scenario;
mod sink;
mod statistics;
mod terminal;

use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

/// Load tests of a Flotilla cluster.
#[derive(Debug, Parser)]
#[command(name = "flotilla-loadtest", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Load a cluster as a scenario says, verify that nothing that was acknowledged is lost, and write a report.
    Run(run::RunScenarioArguments),
    /// List the scenarios that come with this program, or print one, to begin a scenario of your own with.
    Scenarios {
        /// The one to print.
        name: Option<String>,
    },
    /// Measure a fresh cluster of three local nodes: uploads, parameter writes, events, failover, idle cost, start-up.
    Figures(figures::FiguresArguments),
    /// Measure the event queue of a fresh cluster of three local nodes, through the stream that applications publish to.
    Events(events::EventsArguments),
    /// Measure a cluster of three local nodes that has very many files and accounts, in turns with one that has few.
    Growth(growth::GrowthArguments),
    /// Draw where the processors' time goes under a load: flame graphs of three local nodes. Needs `perf`.
    Flames(flames::FlamesArguments),
    /// Measure Flotilla and its rivals in turns (NATS JetStream, RabbitMQ, etcd, nginx, OpenSSH), and give the ratios.
    Compare(compare::CompareArguments),
    /// Make the page and the tables of a run anew, and sum it up.
    Report(report::ReportArguments),
    /// Compare two runs: rates, latencies and failures of each load, processor time and memory of each node.
    Difference(report::difference::DifferenceArguments),
}

fn main() -> ExitCode {
    let Err(error) = carry_out(Cli::parse()) else { return ExitCode::SUCCESS };
    report_error(&error);
    ExitCode::FAILURE
}

#[expect(clippy::print_stderr, reason = "this is where the process speaks to its caller")]
fn report_error(error: &anyhow::Error) {
    eprintln!("flotilla-loadtest: {error:#}");
}

/// A signal drops the work, and with it every server that was started.
async fn unless_ended(work: impl Future<Output = Result<()>>) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        done = work => done,
        interrupted = tokio::signal::ctrl_c() => Err(interrupted.map_or_else(Into::into, |()| anyhow!("interrupted"))),
        _ = terminate.recv() => Err(anyhow!("told to end")),
    }
}

fn carry_out(cli: Cli) -> Result<()> {
    // Fails only when one is set already, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    match cli.command {
        Command::Run(arguments) => runtime.block_on(unless_ended(run::run(&arguments))),
        Command::Scenarios { name } => run::list(name.as_deref()),
        Command::Figures(arguments) => runtime.block_on(unless_ended(figures::run(&arguments))),
        Command::Events(arguments) => runtime.block_on(unless_ended(events::run(&arguments))),
        Command::Growth(arguments) => runtime.block_on(unless_ended(growth::run(&arguments))),
        Command::Flames(arguments) => runtime.block_on(unless_ended(flames::run(&arguments))),
        Command::Compare(arguments) => runtime.block_on(unless_ended(compare::run(&arguments))),
        Command::Report(arguments) => report::run(&arguments),
        Command::Difference(arguments) => report::difference::run(&arguments),
    }
}
