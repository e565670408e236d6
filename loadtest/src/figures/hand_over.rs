//! The lead is handed over on purpose while every node is written to: how long nothing is acknowledged, and what fails.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::FiguresArguments;
use super::failover::{PERIOD, put};
use crate::bed::Bed;
use crate::collector::Collector;
use crate::statistics::Figure;

/// Writes before and after, so that the hand-over is surrounded by acknowledgements.
const AROUND: Duration = Duration::from_millis(500);

/// What the writers saw.
#[derive(Default)]
struct Seen {
    acknowledged: Vec<Instant>,
    failed: u64,
}

pub(super) async fn measure(bed: &Bed, arguments: &FiguresArguments, collector: &mut Collector) -> Result<()> {
    let (mut gaps_ms, mut failed) = (Vec::new(), Vec::new());
    for round in 0..arguments.kills {
        let seen = hand_over(bed, round).await?;
        gaps_ms.push(longest_gap(seen.acknowledged).as_secs_f64() * 1000.0);
        failed.push(seen.failed as f64);
    }
    collector.add(Figure::of("hand-over: longest time without an acknowledgement", "ms", gaps_ms));
    collector.add(Figure::of("  … writes that failed", "", failed));
    Ok(())
}

async fn hand_over(bed: &Bed, round: u32) -> Result<Seen> {
    let primary = bed.primary().await?;
    let ((stop, stopped), seen) = (watch::channel(false), Arc::<Mutex<Seen>>::default());
    let mut writers = JoinSet::new();
    for (index, node) in bed.cluster.nodes.iter().enumerate() {
        let (client, url) = (bed.client()?, node.transfer_url());
        // Connected and logged in before it begins.
        put(&client, &url, &format!("before-{round}-{index}")).await?;
        writers.spawn(write(client, url, format!("hand-over-{round}-{index}"), stopped.clone(), Arc::clone(&seen)));
    }
    tokio::time::sleep(AROUND).await;
    bed.cluster.command(primary, &["primary", "handover"]).await?;
    tokio::time::sleep(AROUND).await;
    stop.send_replace(true);
    while let Some(ended) = writers.join_next().await {
        ended?;
    }
    bed.settled().await?;
    Ok(std::mem::take(&mut *seen.lock()))
}

/// An open loop: a write each period, however long the answers take.
async fn write(
    client: reqwest::Client,
    url: String,
    name: String,
    stopped: watch::Receiver<bool>,
    seen: Arc<Mutex<Seen>>,
) {
    let (mut tick, mut writes) = (tokio::time::interval(PERIOD), JoinSet::new());
    let mut number = 0u64;
    while !*stopped.borrow() {
        tick.tick().await;
        let (client, url, seen, name) = (client.clone(), url.clone(), Arc::clone(&seen), format!("{name}-{number}"));
        number += 1;
        writes.spawn(async move {
            let put = put(&client, &url, &name).await;
            let mut seen = seen.lock();
            match put {
                Ok(()) => seen.acknowledged.push(Instant::now()),
                Err(_) => seen.failed += 1,
            }
        });
    }
    while writes.join_next().await.is_some() {}
}

fn longest_gap(mut moments: Vec<Instant>) -> Duration {
    moments.sort();
    moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
}
