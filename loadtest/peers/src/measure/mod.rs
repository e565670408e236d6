//! The measurements, the same for every rival and the same that Flotilla is put to.

mod failover;
mod meter;
mod pace;
mod process;
mod window;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::peer::{Peer, Queue};

pub(crate) const RECORD_BYTES: usize = 1024;
const WHOLE_DEADLINE: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// By the names that the harness looks them up with.
pub(crate) type Figures = BTreeMap<String, f64>;

/// What to do.
pub(crate) enum Plan {
    Rates {
        duration: Duration,
        windows: Vec<usize>,
    },
    /// So many kills of the leader.
    Kills(u32),
}

/// What the program prints.
#[derive(Serialize)]
pub(crate) struct Measured {
    /// Version and settings of the rival.
    pub(crate) about: String,
    pub(crate) figures: Figures,
}

/// A rival that only takes writes.
pub(crate) async fn writes(peer: &mut impl Peer, plan: &Plan) -> Result<Figures> {
    let mut figures = Figures::new();
    match plan {
        Plan::Kills(kills) => failover::measure(peer, *kills, &mut figures).await?,
        Plan::Rates { duration, windows } => {
            for window in windows {
                window::measure(peer, *window, *duration, &mut figures).await?;
            }
        }
    }
    Ok(figures)
}

/// A rival that hands on what was written.
pub(crate) async fn queue(peer: &mut impl Queue, plan: &Plan) -> Result<Figures> {
    let mut figures = writes(peer, plan).await?;
    if let Plan::Rates { duration, .. } = plan {
        process::measure(peer, *duration, &mut figures).await?;
        pace::measure(peer, *duration, &mut figures).await?;
    }
    Ok(figures)
}

/// Waits until all members are there and one leads.
pub(crate) async fn whole(peer: &impl Peer) -> Result<usize> {
    let begun = Instant::now();
    loop {
        match peer.leader().await {
            Ok(leader) => return Ok(leader),
            Err(error) if begun.elapsed() > WHOLE_DEADLINE => return Err(error).context("the cluster is not whole"),
            Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
}

/// Latencies of one run, in microseconds.
fn latencies() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

fn insert_latencies(figures: &mut Figures, name: &str, latencies: &Histogram<u64>) {
    for (end, quantile) in [("p50_ms", 0.5), ("p99_ms", 0.99)] {
        figures.insert(format!("{name}_{end}"), latencies.value_at_quantile(quantile) as f64 / 1000.0);
    }
}
