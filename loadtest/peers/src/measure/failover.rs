//! From `kill -9` of the leader to the first acknowledgement of a write that was issued afterwards.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::sync::mpsc;

use super::{Figures, RECORD_BYTES, whole};
use crate::peer::{Peer, Writer};

/// A write on every survivor.
const PERIOD: Duration = Duration::from_millis(10);
const DEADLINE: Duration = Duration::from_secs(60);
const ON_THE_WAY: usize = 64;

pub(super) async fn measure(peer: &mut impl Peer, kills: u32, figures: &mut Figures) -> Result<()> {
    let mut gaps_ms = Vec::new();
    for _ in 0..kills {
        gaps_ms.push(gap(peer).await?.as_secs_f64() * 1000.0);
    }
    gaps_ms.sort_by(f64::total_cmp);
    if let (Some(median), Some(worst)) = (gaps_ms.get(gaps_ms.len() / 2), gaps_ms.last()) {
        figures.insert("failover_ms".to_owned(), *median);
        figures.insert("failover_worst_ms".to_owned(), *worst);
    }
    Ok(())
}

async fn gap(peer: &mut impl Peer) -> Result<Duration> {
    let leader = whole(peer).await?;
    // Clients are connected and have written before it happens.
    let mut survivors = Vec::new();
    for server in (0..3).filter(|server| *server != leader) {
        let writer = peer.writer(server, ON_THE_WAY).await?;
        writer.write(vec![b'a'; RECORD_BYTES]).await?;
        survivors.push(writer);
    }
    let begun = Instant::now();
    peer.servers()[leader].kill()?;
    let gap = first_write(&survivors, begun).await?;
    let server = &mut peer.servers()[leader];
    server.start()?;
    server.wait_until_up().await?;
    whole(peer).await?;
    Ok(gap)
}

async fn first_write(survivors: &[impl Writer], begun: Instant) -> Result<Duration> {
    let (sender, mut receiver) = mpsc::channel(1);
    let mut writers = tokio::task::JoinSet::new();
    let mut tick = tokio::time::interval(PERIOD);
    loop {
        tokio::select! {
            gap = receiver.recv() => return gap.context("no writer is left"),
            _ = tick.tick() => {
                if begun.elapsed() > DEADLINE {
                    bail!("no write was acknowledged within {DEADLINE:?}");
                }
                for writer in survivors {
                    let (writer, sender) = (writer.clone(), sender.clone());
                    writers.spawn(async move {
                        if writer.write(vec![b'a'; RECORD_BYTES]).await.is_ok() {
                            // Only the first one counts.
                            let _ = sender.try_send(begun.elapsed());
                        }
                    });
                }
            }
        }
    }
}
