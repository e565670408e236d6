//! Flotilla and its rivals in turns on this machine: absolute figures differ between machines and hours, the ratio of
//! figures that were taken minutes apart does not.

mod contender;
mod files;
mod ours;
mod peers;
mod report;
mod subject;
mod table;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::arguments::{ClusterArguments, RunArguments, StreamArguments};
use crate::collector::progress;
use contender::{Group, Rival};
use peers::Peers;
use table::Table;

#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// The rivals. [default: all]
    #[arg(long, value_enum, value_delimiter = ',')]
    against: Vec<Rival>,
    /// What is compared. [default: all]
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Group>,
    /// Kills of the leader in each round.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    kills: u32,
    /// The program that starts and loads NATS, RabbitMQ and etcd. [default: `flotilla-loadtest-peers` beside this program]
    #[arg(long)]
    peers_program: Option<PathBuf>,
    /// Folder for the rivals' servers that are no packages of the system. [default: `peers` beside this program]
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Folder for the report: compare.json and compare.md.
    #[arg(long)]
    report: Option<PathBuf>,
    #[command(flatten)]
    cluster: ClusterArguments,
    #[command(flatten)]
    run: RunArguments,
    #[command(flatten)]
    stream: StreamArguments,
}

/// A rival whose own cluster stumbles, at an election for example, costs a round and not the comparison.
const RIVAL_TRIES: u32 = 3;

/// Figures of one round by their names.
type Values = BTreeMap<String, f64>;

/// The rounds of every contender, in the same order.
type Rounds = BTreeMap<Contender, Vec<Values>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
enum Contender {
    Flotilla,
    Rival(Rival),
}

/// One round of one contender.
struct Measured {
    /// Version and settings.
    about: String,
    values: Values,
}

impl Contender {
    fn title(self) -> &'static str {
        match self {
            Self::Flotilla => "Flotilla",
            Self::Rival(rival) => rival.title(),
        }
    }
}

/// Runs the rounds and prints the ratios.
pub(crate) async fn run(arguments: &CompareArguments) -> Result<()> {
    let beside = |name: &str| anyhow::Ok(std::env::current_exe()?.with_file_name(name));
    let program = arguments.peers_program.clone().map_or_else(|| beside("flotilla-loadtest-peers"), Ok)?;
    let programs = arguments.programs.clone().map_or_else(|| beside("peers"), Ok)?;
    let windows = &arguments.stream.windows;
    progress("the rivals' servers are installed where they are missing");
    let peers = Peers::prepare(program, programs, windows, arguments.run.seconds, arguments.kills).await?;
    let (dir, _temporary) = arguments.cluster.folder()?;
    let binary = arguments.cluster.binary()?;
    let mut stage = Stage { binary, dir, peers, sources: None, about: BTreeMap::new(), arguments };
    let mut tables = Vec::new();
    for group in arguments.groups() {
        let rounds = stage.rounds(group).await?;
        let table = Table::of(group, &subject::of(group, windows), &rounds)?;
        progress(format!("{group:?}\n\n{}", table.markdown()));
        tables.push(table);
    }
    let report = report::Report::new(stage.about, tables, arguments.run.runs);
    if let Some(dir) = &arguments.report {
        report.write(dir)?;
    }
    report.print(arguments.cluster.json)
}

impl CompareArguments {
    fn groups(&self) -> Vec<Group> {
        let wanted = |group: &Group| self.only.is_empty() || self.only.contains(group);
        let has_rival = |group: &Group| self.rivals().iter().any(|rival| rival.groups().contains(group));
        Group::value_variants().iter().copied().filter(|group| wanted(group) && has_rival(group)).collect()
    }

    fn rivals(&self) -> Vec<Rival> {
        if self.against.is_empty() { Rival::value_variants().to_vec() } else { self.against.clone() }
    }
}

/// What the rounds are run with.
struct Stage<'a> {
    binary: PathBuf,
    dir: PathBuf,
    peers: Peers,
    sources: Option<files::Sources>,
    about: BTreeMap<Contender, String>,
    arguments: &'a CompareArguments,
}

impl Stage<'_> {
    async fn rounds(&mut self, group: Group) -> Result<Rounds> {
        let rivals = self.arguments.rivals().into_iter().filter(|rival| rival.groups().contains(&group));
        let mut order: Vec<Contender> =
            std::iter::once(Contender::Flotilla).chain(rivals.map(Contender::Rival)).collect();
        ensure!(order.len() > 1, "{group:?} has no rival among those that were named");
        let mut rounds = Rounds::new();
        let runs = self.arguments.run.runs;
        for round in 1..=runs {
            for contender in &order {
                progress(format!("{group:?}, round {round} of {runs}: {}", contender.title()));
                // What the one before has left in the page cache would be written in this one's time.
                rustix::fs::sync();
                let measured = self.measure_patiently(*contender, group, round).await?;
                self.about.insert(*contender, measured.about);
                rounds.entry(*contender).or_default().push(measured.values);
            }
            // Nobody always comes first.
            order.rotate_left(1);
        }
        Ok(rounds)
    }

    /// A rival that fails is begun anew; what fails of ours ends the comparison.
    async fn measure_patiently(&mut self, contender: Contender, group: Group, round: u32) -> Result<Measured> {
        let tries = if contender == Contender::Flotilla { 1 } else { RIVAL_TRIES };
        let mut attempt = 1;
        loop {
            let name = format!("{group:?}-{round}-{attempt}-{}", contender.title().replace([' ', ',', '/'], "-"));
            let dir = self.dir.join(name);
            match self.measure(contender, group, dir).await {
                Err(error) if attempt < tries => {
                    let reason = format!("{error:#}");
                    progress(format!("{}; once more", reason.lines().next().unwrap_or_default()));
                    attempt += 1;
                }
                result => return result.with_context(|| contender.title().to_owned()),
            }
        }
    }

    async fn measure(&mut self, contender: Contender, group: Group, dir: PathBuf) -> Result<Measured> {
        if group == Group::Files && self.sources.is_none() {
            self.sources = Some(files::Sources::make(&self.dir.join("sources"))?);
        }
        match contender {
            Contender::Flotilla => {
                let sources = self.sources.as_ref();
                let values = ours::measure(&self.binary, &dir, group, self.arguments, sources).await?;
                Ok(Measured { about: ours::about(&self.binary).await?, values })
            }
            Contender::Rival(rival @ (Rival::Nginx | Rival::Openssh)) => {
                files::measure_rival(rival, &dir, self.sources.as_ref().context("no files to send")?).await
            }
            Contender::Rival(rival) => self.peers.measure(rival, group).await,
        }
    }
}
