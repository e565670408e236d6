//! The event queue: publishing through the stream, claiming, completing.

mod backlog;
mod driver;
pub(crate) mod end_to_end;
pub(crate) mod pace;
pub(crate) mod publish;
mod queue;
mod workers;

use std::time::Duration;

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

pub(crate) use driver::Driver;
pub(crate) use queue::Queue;

use crate::arguments::{ClusterArguments, RunArguments, StreamArguments};
use crate::bed::Bed;
use crate::collector::Collector;

/// The kind of the events that are worked off by the cheapest step there is.
const KIND: &str = "load.test";
const CHEAPEST_STEP: &str = "log=load";
const WEBHOOK_KIND: &str = "load.webhook";
/// No route has it.
const UNROUTED_KIND: &str = "load.unrouted";
const END_TO_END_WINDOW: u64 = 512;
/// How long it may take to work off what one run has published.
const DRAIN_DEADLINE: Duration = Duration::from_secs(300);

#[derive(Debug, Args)]
pub(crate) struct EventsArguments {
    /// What to measure. [default: all]
    #[arg(value_enum)]
    measurements: Vec<Measurement>,
    #[command(flatten)]
    cluster: ClusterArguments,
    #[command(flatten)]
    run: RunArguments,
    #[command(flatten)]
    stream: StreamArguments,
    /// Workers in the whole cluster, shared evenly by its three nodes.
    #[arg(long, value_delimiter = ',', default_values_t = [12, 96, 384], value_parser = clap::value_parser!(u64).range(12..=3000))]
    workers: Vec<u64>,
    /// Events of the backlog.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=9_000_000))]
    backlog_events: u64,
    /// Size of the data of each event of the backlog.
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    backlog_data_bytes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Measurement {
    /// Events published a second with each window, latencies, processor time
    Publish,
    /// Events published, claimed and completed a second
    EndToEnd,
    /// Latency of a publish at 200 a second
    Paced,
    /// Steps of 50 ms of I/O that the workers complete a second
    Workers,
    /// Memory, rates and restarts with very many queued events
    Backlog,
}

impl EventsArguments {
    fn wants(&self, measurement: Measurement) -> bool {
        self.measurements.is_empty() || self.measurements.contains(&measurement)
    }
}

/// Measures what was asked for on a fresh cluster.
pub(crate) async fn run(arguments: &EventsArguments) -> Result<()> {
    for workers in &arguments.workers {
        ensure!(workers % 3 == 0, "{workers} workers cannot be shared evenly by three nodes");
    }
    let (dir, _temporary) = arguments.cluster.folder()?;
    let mut bed = Bed::start(&arguments.cluster.binary()?, &dir).await?;
    let mut collector = Collector::default();
    prepare(&bed, &arguments.stream).await?;
    let (run, stream) = (&arguments.run, &arguments.stream);
    if arguments.wants(Measurement::Publish) {
        publish_figures(&bed, run, stream, &mut collector).await?;
    }
    if arguments.wants(Measurement::EndToEnd) {
        end_to_end_figures(&bed, run, stream, &mut collector).await?;
    }
    if arguments.wants(Measurement::Paced) {
        paced_figures(&bed, run, stream, &mut collector).await?;
    }
    if arguments.wants(Measurement::Workers) {
        workers_figures(&bed, arguments, &mut collector).await?;
    }
    if arguments.wants(Measurement::Backlog) {
        let backlog = backlog::Backlog { count: arguments.backlog_events, data_bytes: arguments.backlog_data_bytes };
        backlog::measure(&mut bed, backlog, run, stream, &mut collector).await?;
    }
    bed.cluster.stop().await?;
    if arguments.cluster.json {
        collector.print_json()?;
    }
    Ok(())
}

/// The figures of a release: publishing, end to end, paced.
pub(crate) async fn stream_figures(
    bed: &Bed,
    run: &RunArguments,
    stream: &StreamArguments,
    collector: &mut Collector,
) -> Result<()> {
    prepare(bed, stream).await?;
    publish_figures(bed, run, stream, collector).await?;
    end_to_end_figures(bed, run, stream, collector).await?;
    paced_figures(bed, run, stream, collector).await?;
    Queue::of(bed)?.reset_workers().await
}

/// Routes, workers and room in the queue.
pub(crate) async fn prepare(bed: &Bed, stream: &StreamArguments) -> Result<()> {
    let queue = Queue::of(bed)?;
    queue.raise_bounds().await?;
    queue.set_route(KIND, CHEAPEST_STEP, &[]).await?;
    queue.set_workers(stream.threads).await
}

async fn publish_figures(
    bed: &Bed,
    run: &RunArguments,
    stream: &StreamArguments,
    collector: &mut Collector,
) -> Result<()> {
    let (queue, driver) = (Queue::of(bed)?, Driver::new(bed, stream).await?);
    for window in &stream.windows {
        let mut runs = Vec::new();
        for _ in 0..run.runs {
            runs.push(publish::run(&queue, &driver, stream, *window, Duration::from_secs(run.seconds)).await?);
        }
        publish::collect(collector, *window, &runs);
    }
    Ok(())
}

async fn end_to_end_figures(
    bed: &Bed,
    run: &RunArguments,
    stream: &StreamArguments,
    collector: &mut Collector,
) -> Result<()> {
    let (queue, driver, mut runs) = (Queue::of(bed)?, Driver::new(bed, stream).await?, Vec::new());
    for _ in 0..run.runs {
        runs.push(end_to_end::run(&queue, &driver, stream, Duration::from_secs(run.seconds)).await?);
    }
    end_to_end::collect(collector, &runs);
    Ok(())
}

async fn paced_figures(
    bed: &Bed,
    run: &RunArguments,
    stream: &StreamArguments,
    collector: &mut Collector,
) -> Result<()> {
    let (queue, driver, mut runs) = (Queue::of(bed)?, Driver::new(bed, stream).await?, Vec::new());
    for _ in 0..run.runs {
        runs.push(pace::run(&queue, &driver, stream, Duration::from_secs(run.seconds)).await?);
    }
    pace::collect(collector, &runs);
    Ok(())
}

async fn workers_figures(bed: &Bed, arguments: &EventsArguments, collector: &mut Collector) -> Result<()> {
    let (queue, driver) = (Queue::of(bed)?, Driver::new(bed, &arguments.stream).await?);
    let (processes, duration) = (bed.process_ids(), Duration::from_secs(arguments.run.seconds));
    for workers in &arguments.workers {
        queue.set_workers(workers / bed.cluster.nodes.len() as u64).await?;
        let mut runs = Vec::new();
        for _ in 0..arguments.run.runs {
            runs.push(workers::run(&queue, &driver, &arguments.stream, *workers, &processes, duration).await?);
        }
        workers::collect(collector, *workers, &runs);
    }
    queue.set_workers(arguments.stream.threads).await
}
