//! Uploads: many small files, and one large one. Each is acknowledged for itself when two nodes have it on disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures::stream;
use hdrhistogram::Histogram;

use super::FiguresArguments;
use crate::bed::{Bed, PASSWORD, PLAIN_ACCOUNT};
use crate::collector::Collector;
use crate::partner::Partner;
use crate::statistics::{Figure, latencies, percentile_ms};

const SMALL_BYTES: usize = 64 * 1024;
const CHUNK_BYTES: usize = 1 << 20;

static NAMES: AtomicU64 = AtomicU64::new(0);

fn next_name() -> String {
    // Folders of a thousand, as partners' folders are not endless.
    let number = NAMES.fetch_add(1, Ordering::Relaxed);
    format!("{}/{number}.bin", number / 1000)
}

/// 64 KiB files by 1 and by 32 clients, spread over the nodes, connections kept.
pub(super) async fn small_files(bed: &Bed, arguments: &FiguresArguments, collector: &mut Collector) -> Result<()> {
    for clients in [1usize, 32] {
        let (mut rates, mut medians, mut tails) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..arguments.run.runs {
            let (rate, histogram) =
                upload_small_files(bed, clients, Duration::from_secs(arguments.run.seconds)).await?;
            rates.push(rate);
            medians.push(percentile_ms(&histogram, 0.5));
            tails.push(percentile_ms(&histogram, 0.99));
        }
        collector.add(Figure::of(format!("uploads of 64 KiB, {clients} clients"), "/s", rates));
        collector.add(Figure::of("  … p50", "ms", medians));
        collector.add(Figure::of("  … p99", "ms", tails));
    }
    Ok(())
}

/// Uploads a second, and how long each took.
pub(crate) async fn upload_small_files(bed: &Bed, clients: usize, duration: Duration) -> Result<(f64, Histogram<u64>)> {
    let body = Bytes::from((0..SMALL_BYTES).map(|at| (at * 31 % 251) as u8).collect::<Vec<u8>>());
    let mut tasks = Vec::new();
    let start = Arc::new(tokio::sync::Barrier::new(clients + 1));
    for index in 0..clients {
        let (partner, body, start) = (Partner::of(bed, index, PLAIN_ACCOUNT)?, body.clone(), Arc::clone(&start));
        tasks.push(tokio::spawn(async move {
            // The first one makes the connection and is not counted.
            let first = partner.put(&next_name(), body.clone()).await;
            // Behind the barrier: a client that fails before it would keep the others waiting for ever.
            start.wait().await;
            first?;
            let end = Instant::now() + duration;
            let mut histogram = latencies();
            while Instant::now() < end {
                let begun = Instant::now();
                partner.put(&next_name(), body.clone()).await?;
                histogram.record(begun.elapsed().as_micros() as u64)?;
            }
            anyhow::Ok(histogram)
        }));
    }
    start.wait().await;
    let begun = Instant::now();
    let mut all = latencies();
    for task in tasks {
        all.add(task.await??)?;
    }
    Ok((all.len() as f64 / begun.elapsed().as_secs_f64(), all))
}

/// One large file, and its download through another node.
pub(super) async fn large_file(bed: &Bed, arguments: &FiguresArguments, collector: &mut Collector) -> Result<()> {
    let total = arguments.large_mib << 20;
    let chunk = Bytes::from((0..CHUNK_BYTES).map(|at| (at * 131 % 241) as u8).collect::<Vec<u8>>());
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for run in 0..arguments.run.runs {
        let client = bed.client()?;
        let url = format!("{}/files/large-{run}.bin", bed.node(1).transfer_url());
        let chunks = arguments.large_mib;
        let body = stream::iter((0..chunks).map({
            let chunk = chunk.clone();
            move |_| Ok::<_, std::io::Error>(chunk.clone())
        }));
        let begun = Instant::now();
        let request = client.put(&url).basic_auth(PLAIN_ACCOUNT, Some(PASSWORD)).header("content-length", total);
        let answer = request.body(reqwest::Body::wrap_stream(body)).send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "the upload was refused: {status} {}", answer.text().await?);
        up.push(total as f64 / 1e6 / begun.elapsed().as_secs_f64());

        let url = format!("{}/files/large-{run}.bin", bed.node(2).transfer_url());
        let begun = Instant::now();
        let mut answer = client.get(&url).basic_auth(PLAIN_ACCOUNT, Some(PASSWORD)).send().await?.error_for_status()?;
        let mut length = 0;
        while let Some(bytes) = answer.chunk().await? {
            length += bytes.len() as u64;
        }
        ensure!(length == total, "{length} bytes came back of {total}");
        down.push(total as f64 / 1e6 / begun.elapsed().as_secs_f64());
        let answer = client.delete(&url).basic_auth(PLAIN_ACCOUNT, Some(PASSWORD)).send().await?;
        answer.error_for_status().context("the file could not be removed")?;
    }
    let name = format!("large upload of {} MiB, 2 replicas", arguments.large_mib);
    collector.add(Figure::of(name, "MB/s", up));
    collector.add(Figure::of("large download", "MB/s", down));
    Ok(())
}
