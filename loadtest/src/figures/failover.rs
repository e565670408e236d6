//! The primary is killed (`kill -9`), frozen (`SIGSTOP`) or cut off from the network: how long until a write that was issued after that is acknowledged.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use flotilla_local::Place;

use super::FiguresArguments;
use crate::bed::{Bed, PASSWORD, PLAIN_ACCOUNT};
use crate::collector::Collector;
use crate::statistics::Figure;

/// A write each this often on each surviving node, as in the peers' measurement.
pub(super) const PERIOD: Duration = Duration::from_millis(10);
const DEADLINE: Duration = Duration::from_secs(30);

/// What happens to the primary.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Killed,
    /// It answers nothing and its connections stay.
    Frozen,
    /// Nothing reaches it any more, and nothing is reset.
    CutOff,
}

/// Does it to the primary again and again; in between the cluster is made whole.
pub(super) async fn measure(bed: &mut Bed, arguments: &FiguresArguments, collector: &mut Collector) -> Result<()> {
    for (fate, name) in [(Fate::Killed, "kill -9 of the primary"), (Fate::Frozen, "freeze of the primary")] {
        let gaps_ms = gaps_ms(bed, fate, arguments.kills).await?;
        collector.add(Figure::of(format!("failover: {name} to next write"), "ms", gaps_ms));
    }
    Ok(())
}

/// The same on a cluster in network namespaces, whose primary is cut off.
pub(super) async fn measure_cuts(
    binary: &Path,
    dir: &Path,
    arguments: &FiguresArguments,
    collector: &mut Collector,
) -> Result<()> {
    let mut bed = Bed::start_at(Place::namespaces(3)?, binary, dir).await?;
    let gaps_ms = gaps_ms(&mut bed, Fate::CutOff, arguments.kills).await?;
    collector.add(Figure::of("failover: silent cut of the primary to next write", "ms", gaps_ms));
    bed.cluster.stop().await
}

/// `kill -9` of the primary, so many times: milliseconds until the next acknowledgement.
pub(crate) async fn kill_primaries(bed: &mut Bed, kills: u32) -> Result<Vec<f64>> {
    gaps_ms(bed, Fate::Killed, kills).await
}

async fn gaps_ms(bed: &mut Bed, fate: Fate, times: u32) -> Result<Vec<f64>> {
    let mut gaps = Vec::new();
    for round in 0..times {
        gaps.push(gap(bed, fate, round).await?.as_secs_f64() * 1000.0);
    }
    Ok(gaps)
}

async fn gap(bed: &mut Bed, fate: Fate, round: u32) -> Result<Duration> {
    let primary = bed.primary().await?;
    let survivors: Vec<usize> = (0..bed.cluster.nodes.len()).filter(|index| *index != primary).collect();
    // Clients are connected and logged in before it happens.
    let mut clients = Vec::new();
    for index in &survivors {
        let client = bed.client()?;
        put(&client, &bed.node(*index).transfer_url(), &format!("warm-{round}-{index}")).await?;
        clients.push((client, bed.node(*index).transfer_url()));
    }
    let begun = Instant::now();
    match fate {
        Fate::Killed => bed.cluster.nodes[primary].kill()?,
        Fate::Frozen => bed.cluster.nodes[primary].pause()?,
        Fate::CutOff => bed.cluster.nodes[primary].cut()?,
    }
    let gap = first_write(&clients, round, begun).await;
    match fate {
        Fate::Killed => bed.cluster.start_node(primary)?,
        Fate::Frozen => bed.cluster.nodes[primary].resume()?,
        Fate::CutOff => bed.cluster.nodes[primary].join()?,
    }
    bed.cluster.wait_ready(primary).await?;
    bed.settled().await?;
    gap
}

/// Issues a write every period on every survivor; the first that is acknowledged ends it.
async fn first_write(clients: &[(reqwest::Client, String)], round: u32, begun: Instant) -> Result<Duration> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    let mut writers = tokio::task::JoinSet::new();
    let mut tick = tokio::time::interval(PERIOD);
    let mut number = 0u64;
    loop {
        tokio::select! {
            done = receiver.recv() => return done.context("no writer is left"),
            _ = tick.tick() => {
                if begun.elapsed() > DEADLINE {
                    bail!("no write was acknowledged within {DEADLINE:?}");
                }
                for (index, (client, base)) in clients.iter().enumerate() {
                    let (client, base, sender) = (client.clone(), base.clone(), sender.clone());
                    let name = format!("round-{round}-{index}-{number}");
                    writers.spawn(async move {
                        if put(&client, &base, &name).await.is_ok() {
                            // Only the first one counts.
                            let _ = sender.try_send(begun.elapsed());
                        }
                    });
                }
                number += 1;
            }
        }
    }
}

pub(super) async fn put(client: &reqwest::Client, base: &str, name: &str) -> Result<()> {
    let url = format!("{base}/files/failover/{name}");
    let request = client.put(url).basic_auth(PLAIN_ACCOUNT, Some(PASSWORD)).body("one line\n").timeout(DEADLINE);
    request.send().await?.error_for_status()?;
    Ok(())
}
