//! How long a publish takes when nothing else goes on: an open loop at a fixed rate.

use std::time::Duration;

use anyhow::Result;

use super::driver::{Driver, Pace};
use super::{DRAIN_DEADLINE, KIND, Queue};
use crate::arguments::StreamArguments;
use crate::collector::Collector;
use crate::publisher::EventLines;
use crate::statistics::percentile_ms;

const RATE: u64 = 200;

pub(crate) struct Paced {
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) others_percent: f64,
}

/// The events are worked off meanwhile.
pub(crate) async fn run(
    queue: &Queue<'_>,
    driver: &Driver,
    arguments: &StreamArguments,
    duration: Duration,
) -> Result<Paced> {
    let lines = EventLines::new(KIND, arguments.data_bytes as usize, None);
    let before = queue.statistics().await?;
    let pace = Pace::Fixed { period: Duration::from_secs(1) / RATE as u32, count: RATE * duration.as_secs() };
    let driven = driver.run(&lines, pace).await?;
    queue.wait_completed(before.completed_total + driven.acknowledged, DRAIN_DEADLINE).await?;
    Ok(Paced {
        p50_ms: percentile_ms(&driven.published.histogram, 0.5),
        p99_ms: percentile_ms(&driven.published.histogram, 0.99),
        others_percent: driven.usage.others_percent,
    })
}

pub(super) fn collect(collector: &mut Collector, runs: &[Paced]) {
    let name = format!("publish at {RATE}/s");
    collector.add_of(format!("{name}: p50"), "ms", runs, |run| run.p50_ms);
    collector.add_of(format!("{name}: p99"), "ms", runs, |run| run.p99_ms);
    collector.add_of(format!("{name}: processors used by others"), "%", runs, |run| run.others_percent);
}
