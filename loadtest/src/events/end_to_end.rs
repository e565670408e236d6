//! Publishing and working off at the same time: events completed over the time until the last of them is.

use std::time::Duration;

use anyhow::Result;

use super::driver::{Driver, Pace};
use super::{DRAIN_DEADLINE, END_TO_END_WINDOW, KIND, Queue};
use crate::arguments::StreamArguments;
use crate::collector::Collector;
use crate::publisher::{EventLines, Until};

pub(crate) struct EndToEnd {
    /// Completed a second.
    pub(crate) rate: f64,
    /// Published a second meanwhile.
    pub(crate) publish_rate: f64,
    pub(crate) others_percent: f64,
}

pub(crate) async fn run(
    queue: &Queue<'_>,
    driver: &Driver,
    arguments: &StreamArguments,
    duration: Duration,
) -> Result<EndToEnd> {
    let lines = EventLines::new(KIND, arguments.data_bytes as usize, None);
    let before = queue.statistics().await?;
    let pace = Pace::Window { size: END_TO_END_WINDOW, until: Until::Elapsed(duration) };
    let driven = driver.run(&lines, pace).await?;
    queue.wait_completed(before.completed_total + driven.acknowledged, DRAIN_DEADLINE).await?;
    let elapsed = driven.begun.elapsed();
    Ok(EndToEnd {
        rate: driven.published.count as f64 / elapsed.as_secs_f64(),
        publish_rate: driven.published.rate(),
        others_percent: driven.usage.others_percent,
    })
}

pub(super) fn collect(collector: &mut Collector, runs: &[EndToEnd]) {
    let name = format!("publish + claim + complete, window {END_TO_END_WINDOW}");
    collector.add_of(&name, "/s", runs, |run| run.rate);
    collector.add_of(format!("{name}: published meanwhile"), "/s", runs, |run| run.publish_rate);
    collector.add_of(format!("{name}: processors used by others"), "%", runs, |run| run.others_percent);
}
