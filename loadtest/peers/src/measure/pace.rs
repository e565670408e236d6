//! An open loop: 200 records a second, however long the answers take, received and acknowledged meanwhile.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Figures, RECORD_BYTES, insert_latencies, latencies, whole};
use crate::peer::{Queue, Writer};

const PERIOD: Duration = Duration::from_millis(5);
const ON_THE_WAY: usize = 64;

pub(super) async fn measure(peer: &mut impl Queue, duration: Duration, figures: &mut Figures) -> Result<()> {
    peer.clear().await?;
    let leader = whole(peer).await?;
    let writer = peer.writer(leader, ON_THE_WAY).await?;
    writer.write(vec![b'a'; RECORD_BYTES]).await?;
    let (sender, wanted) = watch::channel(None);
    let consumer = tokio::spawn(peer.consume(leader, wanted));
    let (mut tick, end) = (tokio::time::interval(PERIOD), Instant::now() + duration);
    let mut tasks = JoinSet::new();
    while Instant::now() < end {
        // The time counts from when the record was due, not from when this loop came to it.
        let due = tick.tick().await;
        let writer = writer.clone();
        tasks.spawn(async move {
            writer.write(vec![b'a'; RECORD_BYTES]).await?;
            anyhow::Ok(due.elapsed())
        });
    }
    let mut all = latencies()?;
    while let Some(latency) = tasks.join_next().await {
        all.saturating_record(latency??.as_micros() as u64);
    }
    sender.send_replace(Some(all.len() + 1));
    consumer.await??;
    insert_latencies(figures, "pace", &all);
    Ok(())
}
