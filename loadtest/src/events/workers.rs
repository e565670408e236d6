//! How many steps of I/O the workers carry out: W workers on a step of 50 ms can complete W / 0.05 s a second.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::driver::{Driver, Pace};
use super::{DRAIN_DEADLINE, Queue, WEBHOOK_KIND};
use crate::arguments::StreamArguments;
use crate::collector::Collector;
use crate::meter::Meter;
use crate::publisher::{EventLines, Until};
use crate::sink::Sink;

const STEP: Duration = Duration::from_millis(50);
/// Workers reach their pace within it.
const WARM_UP: Duration = Duration::from_secs(1);
/// Of work, beyond what the ideal rate takes: the queue must not run dry before the measurement ends.
const RESERVE: Duration = Duration::from_secs(3);
const PUBLISH_WINDOW: u64 = 512;

pub(crate) struct Working {
    pub(crate) rate: f64,
    /// Of what the workers could complete if nothing but the step took time.
    pub(crate) share_percent: f64,
    /// What the receiver took over an answer, on average.
    pub(crate) step_ms: f64,
    pub(crate) nodes_us: f64,
    pub(crate) others_percent: f64,
}

/// One run with `workers` in the whole cluster.
pub(crate) async fn run(
    queue: &Queue<'_>,
    driver: &Driver,
    arguments: &StreamArguments,
    workers: u64,
    processes: &[u32],
    duration: Duration,
) -> Result<Working> {
    let sink = Sink::start(STEP)?;
    // The receiver honours the idempotency key as far as it matters: it forgets every request.
    queue.set_route(WEBHOOK_KIND, &format!("webhook={}", sink.url), &["--webhook-idempotent"]).await?;
    let ideal = workers as f64 / STEP.as_secs_f64();
    let count = (ideal * (WARM_UP + duration + RESERVE).as_secs_f64()) as u64;
    let lines = EventLines::new(WEBHOOK_KIND, arguments.data_bytes as usize, None);
    let before = queue.statistics().await?;
    queue.pause().await?;
    let driven = driver.run(&lines, Pace::Window { size: PUBLISH_WINDOW, until: Until::Count(count) }).await?;
    queue.resume().await?;

    tokio::time::sleep(WARM_UP).await;
    let (meter, begun, from, seen) =
        (Meter::start(processes.to_vec())?, Instant::now(), queue.statistics().await?, sink.seen());
    tokio::time::sleep(duration).await;
    let (usage, elapsed, to, seen_later) = (meter.stop()?, begun.elapsed(), queue.statistics().await?, sink.seen());
    ensure!(to.queue.ready > 0, "the queue ran dry: {:?}", to.queue);
    queue.wait_completed(before.completed_total + driven.acknowledged, DRAIN_DEADLINE).await?;
    ensure!(sink.seen().broken == 0, "{} webhooks broke off", sink.seen().broken);

    let completed = to.completed_total - from.completed_total;
    let rate = completed as f64 / elapsed.as_secs_f64();
    let answered = seen_later.answered - seen.answered;
    Ok(Working {
        rate,
        share_percent: rate / ideal * 100.0,
        step_ms: (seen_later.held_us - seen.held_us) as f64 / 1000.0 / answered as f64,
        nodes_us: usage.nodes_us_each(completed),
        others_percent: usage.others_percent,
    })
}

pub(super) fn collect(collector: &mut Collector, workers: u64, runs: &[Working]) {
    let name = format!("steps of {} ms by {workers} workers", STEP.as_millis());
    collector.add_of(&name, "/s", runs, |run| run.rate);
    collector.add_of(format!("{name}: share of the ideal"), "%", runs, |run| run.share_percent);
    collector.add_of(format!("{name}: the step itself"), "ms", runs, |run| run.step_ms);
    collector.add_of(format!("{name}: processor time, nodes"), "µs", runs, |run| run.nodes_us);
    collector.add_of(format!("{name}: processors used by others"), "%", runs, |run| run.others_percent);
}
