//! What `flotilla-loadtest run` and `scenarios` are told.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::arguments::Binary;
use crate::report::run::Run;
use crate::scenario::{LIBRARY, Scenario, Shipped};
use crate::terminal;

#[derive(Debug, Args)]
pub(crate) struct RunScenarioArguments {
    /// Name of a shipped scenario (`scenarios` lists them), or a file of your own in TOML.
    scenario: String,
    #[command(flatten)]
    pub(crate) binary: Binary,
    /// Folder for the cluster that is started; a temporary one by default, removed afterwards.
    #[arg(long, conflicts_with = "admin_url")]
    pub(crate) dir: Option<PathBuf>,
    /// Nodes of the cluster that is started, instead of the scenario's.
    #[arg(long, conflicts_with = "admin_url", value_parser = clap::value_parser!(u16).range(1..=9))]
    nodes: Option<u16>,
    /// Do not start a cluster: load this one, named by the admin URL of one of its nodes. Nobody else should use it
    /// meanwhile, or the counts of events cannot be verified.
    #[arg(long, requires_all = ["user", "password_file", "ca_file"])]
    pub(crate) admin_url: Option<String>,
    /// Administrator of that cluster.
    #[arg(long, requires = "admin_url")]
    pub(crate) user: Option<String>,
    /// File with the administrator's password.
    #[arg(long, requires = "admin_url")]
    pub(crate) password_file: Option<PathBuf>,
    /// File with a CA of that cluster, in PEM; may be given several times.
    #[arg(long, requires = "admin_url")]
    pub(crate) ca_file: Vec<PathBuf>,
    /// Seconds that the load lasts, instead of the scenario's; all its times are stretched with it.
    #[arg(long)]
    seconds: Option<f64>,
    /// Seed of all that is left to chance, instead of the scenario's.
    #[arg(long)]
    seed: Option<u64>,
    /// Factor for all rates.
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// Folder for run.json, report.html and the CSV files. [default: loadtest-SCENARIO-TIME]
    #[arg(long)]
    report: Option<PathBuf>,
    /// Take the place of a report that is there.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Print what is in run.json, instead of a summary.
    #[arg(long)]
    pub(crate) json: bool,
}

impl RunScenarioArguments {
    pub(crate) fn scenario(&self) -> Result<Scenario> {
        let mut scenario = Scenario::load(&self.scenario)?;
        if let Some(seconds) = self.seconds {
            ensure!((0.1..=604_800.0).contains(&seconds), "--seconds must be 0.1 to 604800");
            scenario.stretch(seconds);
        }
        ensure!(self.rate > 0.0 && self.rate <= 1000.0, "--rate must be above 0 and at most 1000");
        scenario.scale(self.rate);
        scenario.seed = self.seed.unwrap_or(scenario.seed);
        scenario.cluster.nodes = self.nodes.unwrap_or(scenario.cluster.nodes);
        if self.admin_url.is_some() {
            let is_ours = scenario.timeline.iter().all(|moment| !moment.deed.needs_own_cluster());
            ensure!(is_ours, "{} stops nodes, which only works on a cluster of the harness' own", scenario.name);
        }
        scenario.check()?;
        Ok(scenario)
    }

    /// Before an hour of load, rather than after it.
    pub(crate) fn check_report_folder(&self) -> Result<()> {
        let Some(dir) = &self.report else { return Ok(()) };
        let is_free = self.overwrite || !dir.join("run.json").exists();
        ensure!(is_free, "{} holds a report already: choose another folder, or --overwrite", dir.display());
        Ok(())
    }

    pub(crate) fn report_dir(&self, run: &Run) -> PathBuf {
        let time: String = run.started_at.chars().take(19).filter(|c| c.is_ascii_alphanumeric()).collect();
        self.report.clone().unwrap_or_else(|| Path::new(&format!("loadtest-{}-{time}", run.scenario)).to_owned())
    }
}

/// The shipped scenarios.
pub(crate) fn list(print: Option<&str>) -> Result<()> {
    if let Some(name) = print {
        let shipped = LIBRARY.iter().find(|shipped| shipped.name == name);
        let shipped = shipped.with_context(|| format!("there is no scenario {name}; without a name all are listed"))?;
        return terminal::print(shipped.text);
    }
    let line = |shipped: &Shipped| {
        let scenario = Scenario::load(shipped.name)?;
        anyhow::Ok(format!("{:<16} {:>5.0} s  {}\n", shipped.name, scenario.duration_s, scenario.description))
    };
    terminal::print(&LIBRARY.iter().map(line).collect::<Result<String>>()?)
}
