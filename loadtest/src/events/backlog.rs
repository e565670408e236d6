//! A queue with very many events that wait: memory, rates on top of it, and the time of a restart.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::driver::{Driver, Pace};
use super::{END_TO_END_WINDOW, KIND, Queue, end_to_end, publish};
use crate::arguments::{RunArguments, StreamArguments};
use crate::bed::Bed;
use crate::collector::{Collector, progress};
use crate::publisher::{EventLines, Until};
use crate::statistics::Figure;

/// They wait for it as long as anything is measured.
const NOT_BEFORE: &str = "2100-01-01T00:00:00Z";
const FILL_WINDOW: u64 = 2048;
/// Published between two words on the progress.
const PORTION: u64 = 100_000;

/// How many events, and how large.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backlog {
    pub(super) count: u64,
    pub(super) data_bytes: u32,
}

pub(super) async fn measure(
    bed: &mut Bed,
    backlog: Backlog,
    run: &RunArguments,
    stream: &StreamArguments,
    collector: &mut Collector,
) -> Result<()> {
    let (queue, driver) = (Queue::of(bed)?, Driver::new(bed, stream).await?);
    collector.add(queue.resident_mib("backlog: resident memory of each node before it")?);
    let empty = rates(&queue, &driver, run, stream).await?;
    let before = queue.statistics().await?.queue.waiting;
    fill(&queue, &driver, backlog, collector).await?;
    let waiting = queue.statistics().await?.queue.waiting;
    // Those of the warm-up of each connection wait too.
    ensure!(waiting - before >= backlog.count, "{} events wait instead of {}", waiting - before, backlog.count);
    collector.add(queue.resident_mib(&format!("backlog: the same with {} events", backlog.count))?);
    let full = rates(&queue, &driver, run, stream).await?;
    collector.add(queue.resident_mib("backlog: the same after the rates on top of it")?);
    compare(empty, full, collector);
    collector.add(Figure::of("backlog: start of each node until it is ready", "s", bed.restart_each().await?));
    let queue = Queue::of(bed)?;
    let after = queue.statistics().await?.queue.waiting;
    ensure!(after == waiting, "{after} events wait after the restarts instead of {waiting}");
    collector.add(queue.resident_mib("backlog: resident memory of each node after its restart")?);
    Ok(())
}

/// Runs of the two rates that a backlog could slow down.
struct Rates {
    publish: Vec<f64>,
    end_to_end: Vec<f64>,
}

async fn rates(queue: &Queue<'_>, driver: &Driver, run: &RunArguments, stream: &StreamArguments) -> Result<Rates> {
    let duration = Duration::from_secs(run.seconds);
    let mut rates = Rates { publish: Vec::new(), end_to_end: Vec::new() };
    for _ in 0..run.runs {
        rates.publish.push(publish::run(queue, driver, stream, END_TO_END_WINDOW, duration).await?.rate);
        rates.end_to_end.push(end_to_end::run(queue, driver, stream, duration).await?.rate);
    }
    Ok(rates)
}

fn compare(empty: Rates, full: Rates, collector: &mut Collector) {
    for (what, empty, full) in
        [("publish", empty.publish, full.publish), ("publish + claim + complete", empty.end_to_end, full.end_to_end)]
    {
        let empty = Figure::of(format!("backlog: {what} without it"), "/s", empty);
        let full = Figure::of(format!("backlog: {what} on top of it"), "/s", full);
        let share = full.median / empty.median * 100.0;
        collector.add(empty);
        collector.add(full);
        collector.add(Figure::of(format!("backlog: {what}, share of the rate without it"), "%", vec![share]));
    }
}

async fn fill(queue: &Queue<'_>, driver: &Driver, backlog: Backlog, collector: &mut Collector) -> Result<()> {
    let lines = EventLines::new(KIND, backlog.data_bytes as usize, Some(NOT_BEFORE));
    let (mut done, mut rates) = (0, Vec::new());
    while done < backlog.count {
        let count = PORTION.min(backlog.count - done);
        let driven = driver.run(&lines, Pace::Window { size: FILL_WINDOW, until: Until::Count(count) }).await?;
        done += count;
        rates.push(driven.published.rate());
        let memory = queue.resident_mib("")?;
        progress(format!(
            "{done} events wait; the last were published at {:.0}/s; resident MiB: {:.0?}",
            driven.published.rate(),
            memory.runs
        ));
    }
    collector.add(Figure::of("backlog: publish while it grows", "/s", rates));
    Ok(())
}
