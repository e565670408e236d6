//! Runs a scenario: on a cluster of its own, or on one that is there.

mod arguments;
mod client;
mod contents;
mod deeds;
mod generator;
mod prepare;
mod progress;
mod recorder;
mod sampler;
mod site;
mod target;
mod verify;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use flotilla_admin::Client;
use flotilla_admin::api::EventStatistics;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) use arguments::{RunScenarioArguments, list};
use client::{LoadClient, Place};
use deeds::Doer;
use recorder::Recorder;
use site::Site;
use target::Target;

use crate::collector;
use crate::machine::this_machine;
use crate::report::run::{Check, Mark, NodeRecord, Run, VERSION};
use crate::report::{files, summary};
use crate::scenario::{Arrivals, Kind, Scenario};
use crate::terminal;

/// How often the harness looks who leads, for loads that go to the primary.
const LOOK_FOR_PRIMARY_EACH: Duration = Duration::from_secs(1);

/// A load at work.
struct Running {
    client: Arc<LoadClient>,
    recorder: Arc<Recorder>,
}

/// What the load has shown, before anything is verified.
struct Driven {
    duration: Duration,
    nodes: Vec<NodeRecord>,
    marks: Vec<Mark>,
    /// How the timeline went.
    deeds: Result<()>,
}

/// Runs it, writes the report, and fails if something that must hold does not.
pub(crate) async fn run(arguments: &RunScenarioArguments) -> Result<()> {
    let scenario = arguments.scenario()?;
    arguments.check_report_folder()?;
    let mut site = Site::open(arguments, &scenario).await?;
    let outcome = run_on(&mut site, &scenario).await;
    // Whatever became of the run.
    let closed = site.close().await;
    let run = outcome?;
    let dir = arguments.report_dir(&run);
    files::write(&run, &dir, arguments.overwrite)?;
    print_answer(arguments, &run, &dir)?;
    closed?;
    let failed: Vec<&str> = run.checks.iter().filter(|check| !check.passed).map(|check| check.name.as_str()).collect();
    ensure!(failed.is_empty(), "the run has failed: {}", failed.join("; "));
    Ok(())
}

fn print_answer(arguments: &RunScenarioArguments, run: &Run, dir: &std::path::Path) -> Result<()> {
    match arguments.json {
        true => terminal::print(&format!("{}\n", serde_json::to_string_pretty(run)?)),
        false => terminal::print(&summary::text(run, Some(dir))),
    }
}

async fn run_on(site: &mut Site, scenario: &Scenario) -> Result<Run> {
    let started_at = jiff::Timestamp::now();
    let mut loads = Vec::new();
    for (index, load) in scenario.loads.iter().enumerate() {
        // Unlike the names of any other run on the same cluster.
        let place = Place { index, seed: scenario.seed, run: format!("l{:x}", started_at.as_millisecond()) };
        let client = Arc::new(LoadClient::new(load.clone(), place, Arc::clone(&site.target))?);
        let recorder = Arc::new(Recorder::new(Duration::from_secs_f64(scenario.warm_up_s)));
        loads.push(Running { client, recorder });
    }
    let outcome = measure(site, scenario, &loads, started_at).await;
    for load in &loads {
        let cleaned = prepare::clean_up(&load.client).await;
        // Why the run has failed says more than that something could not be put away after it.
        if outcome.is_ok() {
            cleaned?;
        }
    }
    outcome
}

async fn measure(site: &mut Site, scenario: &Scenario, loads: &[Running], started_at: jiff::Timestamp) -> Result<Run> {
    let target = Arc::clone(&site.target);
    let mut sinks = Vec::new();
    for load in loads {
        // They answer as long as they are held.
        sinks.extend(prepare::prepare(&load.client).await?);
        // What was put there for downloads is none of its results.
        load.client.ledger.lock().files.clear();
    }
    target.find_primary().await?;
    let before = verify::drained(&target, Duration::from_secs(60)).await?;
    before.map_err(anyhow::Error::msg).context("other events are under way on this cluster")?;
    let before = target.ask(Client::event_statistics).await?;

    let driven = drive(site, scenario, loads).await?;
    let (drain_s, mut checks) = verify_all(scenario, &target, loads, &before, driven.deeds).await?;
    checks.extend(loads.iter().flat_map(|load| verify::expectations(&load.client, &load.recorder)));
    let program =
        target.ask(Client::cluster).await?.nodes.first().map_or_else(String::new, |node| node.version.clone());
    let record = |load: &Running| load.recorder.finish(&load.client.load.name, kind(load.client.load.kind));
    Ok(Run {
        version: VERSION,
        scenario: scenario.name.clone(),
        description: scenario.description.clone(),
        started_at: started_at.to_string(),
        seed: scenario.seed,
        program,
        machine: this_machine(),
        warm_up_s: scenario.warm_up_s,
        duration_s: driven.duration.as_secs_f64(),
        drain_s,
        loads: loads.iter().map(record).collect(),
        nodes: driven.nodes,
        marks: driven.marks,
        checks,
    })
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Upload => "upload",
        Kind::Download => "download",
        Kind::Event => "event",
        Kind::Parameter => "parameter",
    }
}

/// From the first operation to the end of the last one.
async fn drive(site: &mut Site, scenario: &Scenario, loads: &[Running]) -> Result<Driven> {
    collector::progress(format!("{}: {:.0} s", scenario.name, scenario.duration_s));
    let (stop_issuing, issue) = watch::channel(false);
    let (stop_watching, watching) = watch::channel(false);
    let begun = Instant::now();
    let mut generators = JoinSet::new();
    for (index, load) in loads.iter().enumerate() {
        let arrivals = Arrivals::new(&load.client.load, scenario.duration_s, scenario.seed.wrapping_add(index as u64));
        let (client, recorder) = (Arc::clone(&load.client), Arc::clone(&load.recorder));
        generators.spawn(generator::generate(arrivals, client, recorder, begun, issue.clone()));
    }
    let doer = Doer {
        target: Arc::clone(&site.target),
        cluster: site.cluster.take(),
        processes: Arc::clone(&site.processes),
        loads: loads.iter().map(|load| Arc::clone(&load.client)).collect(),
        begun,
        are_lanes_paused: false,
    };
    let deeds = doer.run(scenario.timeline.clone(), issue);
    let asked = site.target.administrators.clone();
    let sampler = tokio::spawn(sampler::sample(Arc::clone(&site.processes), asked, begun, watching.clone()));
    let shown = loads.iter().map(|load| (load.client.load.name.clone(), Arc::clone(&load.recorder))).collect();
    let progress = tokio::spawn(progress::show(shown, begun, scenario.duration_s, watching.clone()));
    let primary = tokio::spawn(look_for_primary(Arc::clone(&site.target), watching));

    let load = async {
        let until = tokio::time::Instant::from_std(begun + scenario.duration());
        let pressed = tokio::select! {
            () = tokio::time::sleep_until(until) => false,
            pressed = tokio::signal::ctrl_c() => {
                pressed.context("cannot listen for Ctrl-C")?;
                true
            }
        };
        let duration = begun.elapsed();
        // Nobody listens when all have ended by themselves.
        let _ = stop_issuing.send(true);
        while let Some(ended) = generators.join_next().await {
            ended??;
        }
        anyhow::Ok((duration, pressed))
    };
    let ((mut marks, done, cluster), load) = tokio::join!(deeds, load);
    site.cluster = cluster;
    let (duration, pressed) = load?;
    if pressed {
        marks.push(Mark { at_s: duration.as_secs_f64(), until_s: None, text: "stopped by Ctrl-C".to_owned() });
    }
    // Nor here.
    let _ = stop_watching.send(true);
    let nodes = sampler.await?;
    progress.await?;
    primary.await?;
    Ok(Driven { duration, nodes, marks, deeds: done })
}

async fn look_for_primary(target: Arc<Target>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(LOOK_FOR_PRIMARY_EACH) => {}
        }
        // There may be none at the moment; then the former one is as good as any.
        let _ = target.find_primary().await;
    }
}

async fn verify_all(
    scenario: &Scenario,
    target: &Target,
    loads: &[Running],
    before: &EventStatistics,
    deeds: Result<()>,
) -> Result<(Option<f64>, Vec<Check>)> {
    let mut checks = Vec::new();
    if let Err(error) = deeds {
        let name = "what the scenario does to the cluster was done".to_owned();
        checks.push(Check { name, passed: false, detail: format!("{error:#}") });
    }
    collector::progress("events are worked off");
    let drained = verify::drained(target, Duration::from_secs_f64(scenario.drain_s)).await?;
    let drain_s = drained.as_ref().ok().map(Duration::as_secs_f64);
    let detail = match &drained {
        Ok(after) => format!("within {:.1} s after the load", after.as_secs_f64()),
        Err(left) => left.clone(),
    };
    checks.push(Check { name: "all events are worked off".to_owned(), passed: drained.is_ok(), detail });
    let after = target.ask(Client::event_statistics).await?;
    let clients: Vec<_> = loads.iter().map(|load| Arc::clone(&load.client)).collect();
    checks.push(verify::completed(&clients, before, &after));
    for client in &clients {
        checks.extend(verify::event_ids(client));
        checks.extend(verify::downloads(client));
        checks.extend(verify::files(client).await);
    }
    checks.push(verify::digests(target).await);
    for load in loads {
        if let Some(trouble) = load.recorder.first_trouble() {
            collector::progress(format!("{}: the first failure: {trouble}", load.client.load.name));
        }
    }
    Ok((drain_s, checks))
}
