//! A closed loop: so many records on the way at any time, each acknowledged for itself.

use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use super::meter::Meter;
use super::{Figures, RECORD_BYTES, insert_latencies, latencies, whole};
use crate::peer::{Peer, Writer};

pub(super) async fn measure(
    peer: &mut impl Peer,
    window: usize,
    duration: Duration,
    figures: &mut Figures,
) -> Result<()> {
    peer.clear().await?;
    let leader = whole(peer).await?;
    let writer = peer.writer(leader, window).await?;
    // Connections, buffers and the servers' caches are warm when time begins to count.
    writer.write(vec![b'a'; RECORD_BYTES]).await?;
    let (meter, begun) = (Meter::start(peer.servers())?, Instant::now());
    let all = load(&writer, window, duration).await?;
    let name = format!("write_{window}");
    figures.insert(format!("{name}_per_s"), all.len() as f64 / begun.elapsed().as_secs_f64());
    insert_latencies(figures, &name, &all);
    meter.stop(peer.servers(), &name, all.len(), figures)
}

/// Writes for some time; those on the way at the end are waited for and count.
pub(super) async fn load(writer: &impl Writer, window: usize, duration: Duration) -> Result<Histogram<u64>> {
    let end = Instant::now() + duration;
    let mut tasks = JoinSet::new();
    for _ in 0..window {
        let writer = writer.clone();
        tasks.spawn(async move {
            let mut own = latencies()?;
            while Instant::now() < end {
                let begun = Instant::now();
                writer.write(vec![b'a'; RECORD_BYTES]).await?;
                own.saturating_record(begun.elapsed().as_micros() as u64);
            }
            anyhow::Ok(own)
        });
    }
    let mut all = latencies()?;
    while let Some(own) = tasks.join_next().await {
        all.add(own??)?;
    }
    Ok(all)
}
