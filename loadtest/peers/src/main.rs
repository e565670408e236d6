//! The rivals that `flotilla-loadtest compare` measures: starts three servers of one on loopback with mutual TLS, loads them as
//! Flotilla is loaded, stops them, and prints the figures as one JSON document.

mod certificates;
mod etcd;
mod install;
mod measure;
mod nats;
mod peer;
mod rabbitmq;
mod server;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

use measure::{Measured, Plan};

/// Measures a rival on this machine.
#[derive(Debug, Parser)]
#[command(name = "flotilla-loadtest-peers", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install the servers: Debian's packages with apt (as root), others into the folder.
    Install {
        /// Folder for what is not a Debian package.
        #[arg(long)]
        programs: PathBuf,
    },
    /// NATS JetStream: a stream of three replicas on disk.
    Nats {
        #[command(flatten)]
        plan: PlanArguments,
        /// Sync each message to disk before it is acknowledged (`sync_interval: always`).
        #[arg(long)]
        sync_always: bool,
    },
    /// RabbitMQ: a quorum queue of three members.
    Rabbitmq {
        #[command(flatten)]
        plan: PlanArguments,
    },
    /// etcd: puts of three members.
    Etcd {
        #[command(flatten)]
        plan: PlanArguments,
        /// Interval of heartbeats, in milliseconds.
        #[arg(long, default_value_t = 100)]
        heartbeat_ms: u32,
        /// Timeout of elections, in milliseconds.
        #[arg(long, default_value_t = 1000)]
        election_ms: u32,
    },
}

#[derive(Debug, clap::Args)]
struct PlanArguments {
    /// Folder that `install` has filled.
    #[arg(long)]
    programs: PathBuf,
    /// Seconds that each rate takes.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Records on the way at the same time.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 64, 512])]
    windows: Vec<usize>,
    /// Kill the leader so many times, instead of taking rates.
    #[arg(long)]
    kills: Option<u32>,
}

impl PlanArguments {
    fn plan(&self) -> Plan {
        match self.kills {
            Some(kills) => Plan::Kills(kills),
            None => Plan::Rates { duration: Duration::from_secs(self.seconds), windows: self.windows.clone() },
        }
    }
}

fn main() -> Result<()> {
    // Fails only when one is set already, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let command = Cli::parse().command;
    if let Command::Install { programs } = command {
        return install::run(&programs);
    }
    print(&runtime.block_on(unless_abandoned(measure(command)))?)
}

async fn measure(command: Command) -> Result<Measured> {
    match command {
        Command::Install { .. } => bail!("there is nothing to measure"),
        Command::Nats { plan, sync_always } => nats::run(&plan.programs, sync_always, &plan.plan()).await,
        Command::Rabbitmq { plan } => rabbitmq::run(&plan.plan()).await,
        Command::Etcd { plan, heartbeat_ms, election_ms } => {
            let timers = etcd::Timers { heartbeat_ms, election_ms };
            etcd::run(&plan.programs, timers, &plan.plan()).await
        }
    }
}

/// Standard input ends with whoever has called, however that ends: then the servers are stopped, and nothing is left behind.
async fn unless_abandoned(work: impl Future<Output = Result<Measured>>) -> Result<Measured> {
    let (ended, input_ended) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // Whatever is read means nothing, and an error is an end, too.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(());
    });
    tokio::select! {
        measured = work => measured,
        _ = input_ended => bail!("standard input has ended: keep it open while it measures"),
    }
}

#[expect(clippy::print_stdout, reason = "this is what the program is called for")]
fn print(measured: &Measured) -> Result<()> {
    println!("{}", serde_json::to_string(measured).context("figures without JSON")?);
    Ok(())
}
