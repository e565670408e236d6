//! Publishing: how many events a second become durable, how long each takes, and what it costs.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::driver::{Driver, Pace};
use super::{DRAIN_DEADLINE, KIND, Queue, UNROUTED_KIND};
use crate::arguments::{Hold, StreamArguments};
use crate::collector::Collector;
use crate::publisher::{EventLines, Until};
use crate::statistics::percentile_ms;

pub(crate) struct Publishing {
    pub(crate) rate: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Of processor time for each event, on all nodes together.
    pub(crate) nodes_us: f64,
    pub(crate) client_us: f64,
    pub(crate) others_percent: f64,
    /// Events a second that the workers completed afterwards, when they had been held.
    pub(crate) drain_rate: Option<f64>,
}

/// One run with a window; the events are worked off before it returns.
pub(crate) async fn run(
    queue: &Queue<'_>,
    driver: &Driver,
    arguments: &StreamArguments,
    window: u64,
    duration: Duration,
) -> Result<Publishing> {
    let held = arguments.hold == Hold::Lane;
    let lines = EventLines::new(if held { KIND } else { UNROUTED_KIND }, arguments.data_bytes as usize, None);
    let before = queue.statistics().await?;
    if held {
        queue.pause().await?;
    }
    let driven = driver.run(&lines, Pace::Window { size: window, until: Until::Elapsed(duration) }).await?;
    let mut drain_rate = None;
    if held {
        let begun = Instant::now();
        queue.resume().await?;
        queue.wait_completed(before.completed_total + driven.acknowledged, DRAIN_DEADLINE).await?;
        drain_rate = Some(driven.acknowledged as f64 / begun.elapsed().as_secs_f64());
    }
    let published = &driven.published;
    Ok(Publishing {
        rate: published.rate(),
        p50_ms: percentile_ms(&published.histogram, 0.5),
        p99_ms: percentile_ms(&published.histogram, 0.99),
        nodes_us: driven.usage.nodes_us_each(published.count),
        client_us: driven.usage.client_us_each(published.count),
        others_percent: driven.usage.others_percent,
        drain_rate,
    })
}

pub(super) fn collect(collector: &mut Collector, window: u64, runs: &[Publishing]) {
    let name = format!("publish, window {window}");
    collector.add_of(&name, "/s", runs, |run| run.rate);
    collector.add_of(format!("{name}: p50"), "ms", runs, |run| run.p50_ms);
    collector.add_of(format!("{name}: p99"), "ms", runs, |run| run.p99_ms);
    collector.add_of(format!("{name}: processor time, nodes"), "µs", runs, |run| run.nodes_us);
    collector.add_of(format!("{name}: processor time, client"), "µs", runs, |run| run.client_us);
    collector.add_of(format!("{name}: processors used by others"), "%", runs, |run| run.others_percent);
    if runs.iter().all(|run| run.drain_rate.is_some()) {
        collector.add_of(format!("{name}: worked off"), "/s", runs, |run| run.drain_rate.unwrap_or_default());
    }
}
