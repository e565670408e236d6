//! Events of files: published by uploads of 1 KiB, claimed and completed by GMP workers on all nodes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use bytes::Bytes;

use super::FiguresArguments;
use crate::bed::{ACCOUNT, Bed};
use crate::collector::Collector;
use crate::events::Queue;
use crate::partner::Partner;
use crate::statistics::Figure;

const PUBLISHERS: usize = 64;
/// GMP workers of each node.
const WORKERS: u64 = 32;
const DRAIN_DEADLINE: Duration = Duration::from_secs(120);

/// Events published a second, and events completed a second over publishing and draining together.
pub(super) async fn measure(bed: &Bed, arguments: &FiguresArguments, collector: &mut Collector) -> Result<()> {
    let queue = Queue::of(bed)?;
    queue.set_workers(WORKERS).await?;
    let (mut published, mut completed) = (Vec::new(), Vec::new());
    for run in 0..arguments.run.runs {
        let before = queue.statistics().await?;
        let begun = Instant::now();
        let count = publish_for(bed, run, Duration::from_secs(arguments.run.seconds)).await?;
        published.push(count as f64 / begun.elapsed().as_secs_f64());
        queue.wait_completed(before.completed_total + count, DRAIN_DEADLINE).await?;
        completed.push(count as f64 / begun.elapsed().as_secs_f64());
    }
    queue.reset_workers().await?;
    collector.add(Figure::of(format!("events of files, {PUBLISHERS} uploaders of 1 KiB"), "/s", published));
    collector.add(Figure::of("events of files, uploaded and completed", "/s", completed));
    Ok(())
}

async fn publish_for(bed: &Bed, run: u32, duration: Duration) -> Result<u64> {
    let body = Bytes::from(vec![b'e'; 1024]);
    let start = Arc::new(tokio::sync::Barrier::new(PUBLISHERS + 1));
    let mut tasks = Vec::new();
    for index in 0..PUBLISHERS {
        let (partner, body, start) = (Partner::of(bed, index, ACCOUNT)?, body.clone(), Arc::clone(&start));
        tasks.push(tokio::spawn(async move {
            let first = partner.warm_up().await;
            // Behind the barrier: a client that fails before it would keep the others waiting for ever.
            start.wait().await;
            first?;
            let end = Instant::now() + duration;
            let mut count = 0u64;
            while Instant::now() < end {
                partner.put(&format!("{run}/{index}/{count}"), body.clone()).await?;
                count += 1;
            }
            anyhow::Ok(count)
        }));
    }
    start.wait().await;
    let mut total = 0;
    for task in tasks {
        total += task.await??;
    }
    Ok(total)
}
