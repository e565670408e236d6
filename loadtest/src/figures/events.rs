//! Events: published by uploads of 1 KiB, claimed and completed by GMP workers on all nodes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bytes::Bytes;
use flotilla_admin::api::EventStatistics;
use flotilla_local::wait_until;

use super::Collector;
use crate::FiguresArguments;
use crate::bed::{ACCOUNT, Bed, PASSWORD};
use crate::statistics::Figure;

const PUBLISHERS: usize = 64;
const WORKERS: &str = "32";
pub(super) const POOL: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads";

/// Events published a second, and events completed a second over publishing and draining together.
pub(super) async fn measure(bed: &Bed, arguments: &FiguresArguments, collector: &mut Collector) -> Result<()> {
    bed.cluster.command(0, &["param", "set", POOL, WORKERS]).await?;
    let (mut published, mut completed) = (Vec::new(), Vec::new());
    for run in 0..arguments.runs {
        let before = statistics(bed).await?;
        let begun = Instant::now();
        let count = publish_for(bed, run, Duration::from_secs(arguments.seconds)).await?;
        published.push(count as f64 / begun.elapsed().as_secs_f64());
        let goal = before.completed_total + count;
        wait_until("all events are completed", Duration::from_secs(120), async || {
            Ok((statistics(bed).await?.completed_total >= goal).then_some(()))
        })
        .await?;
        completed.push(count as f64 / begun.elapsed().as_secs_f64());
        let after = statistics(bed).await?;
        ensure!(after.completed_total == goal, "{} events ended instead of {goal}", after.completed_total);
        ensure!(after.queue.dead == 0, "{} events are dead", after.queue.dead);
    }
    bed.cluster.command(0, &["param", "reset", POOL]).await?;
    collector.add(Figure::of(format!("events published, {PUBLISHERS} uploaders of 1 KiB"), "/s", published));
    collector.add(Figure::of("events published and completed", "/s", completed));
    Ok(())
}

pub(super) async fn statistics(bed: &Bed) -> Result<EventStatistics> {
    Ok(serde_json::from_value(bed.cluster.command(0, &["events", "stats"]).await?)?)
}

async fn publish_for(bed: &Bed, run: u32, duration: Duration) -> Result<u64> {
    let body = Bytes::from(vec![b'e'; 1024]);
    let start = Arc::new(tokio::sync::Barrier::new(PUBLISHERS + 1));
    let mut tasks = Vec::new();
    for index in 0..PUBLISHERS {
        let (client, base, body, start) =
            (bed.client()?, bed.node(index).transfer_url(), body.clone(), Arc::clone(&start));
        tasks.push(tokio::spawn(async move {
            let head = format!("{base}/files/warm/{index}");
            let first = client.head(&head).basic_auth(ACCOUNT, Some(PASSWORD)).send().await;
            // Behind the barrier: a client that fails before it would keep the others waiting for ever.
            start.wait().await;
            first?;
            let end = Instant::now() + duration;
            let mut count = 0u64;
            while Instant::now() < end {
                let url = format!("{base}/files/{run}/{index}/{count}");
                let answer = client.put(url).basic_auth(ACCOUNT, Some(PASSWORD)).body(body.clone()).send().await?;
                let status = answer.status();
                let text = answer.text().await?;
                ensure!(status.is_success(), "an upload was refused: {status} {text}");
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
