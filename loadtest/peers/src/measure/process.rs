//! Writing, receiving and acknowledging at the same time, until nothing is left.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::watch;

use super::meter::Meter;
use super::{Figures, whole, window};
use crate::peer::Queue;

const WINDOW: usize = 512;

pub(super) async fn measure(peer: &mut impl Queue, duration: Duration, figures: &mut Figures) -> Result<()> {
    peer.clear().await?;
    let leader = whole(peer).await?;
    let writer = peer.writer(leader, WINDOW).await?;
    let (sender, wanted) = watch::channel(None);
    let (meter, begun) = (Meter::start(peer.servers())?, Instant::now());
    let consumer = tokio::spawn(peer.consume(leader, wanted));
    let written = window::load(&writer, WINDOW, duration).await?.len();
    sender.send_replace(Some(written));
    consumer.await??;
    figures.insert("process_per_s".to_owned(), written as f64 / begun.elapsed().as_secs_f64());
    meter.stop(peer.servers(), "process", written, figures)
}
