//! Parameter writes: each its own REST request to the primary, answered when it is committed and applied.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::FiguresArguments;
use crate::bed::Bed;
use crate::collector::Collector;
use crate::statistics::{Figure, latencies, percentile_ms};

const NAME: &str = "EventQueue.internalRetryDelayInterval";

/// Writes by 1, 64 and 512 writers.
pub(super) async fn measure(bed: &Bed, arguments: &FiguresArguments, collector: &mut Collector) -> Result<()> {
    for writers in [1usize, 64, 512] {
        let (mut rates, mut medians, mut tails) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..arguments.run.runs {
            let (rate, histogram) = write_for(bed, writers, Duration::from_secs(arguments.run.seconds)).await?;
            rates.push(rate);
            medians.push(percentile_ms(&histogram, 0.5));
            tails.push(percentile_ms(&histogram, 0.99));
        }
        collector.add(Figure::of(format!("parameters written, {writers} writers"), "/s", rates));
        collector.add(Figure::of("  … p50", "ms", medians));
        collector.add(Figure::of("  … p99", "ms", tails));
    }
    Ok(())
}

async fn write_for(bed: &Bed, writers: usize, duration: Duration) -> Result<(f64, hdrhistogram::Histogram<u64>)> {
    // As many connections as the peers' measurement has: 1, 4, 8.
    let connections = match writers {
        1 => 1,
        2..=64 => 4,
        _ => 8,
    };
    let clients = (0..connections).map(|_| bed.client()).collect::<Result<Vec<_>>>()?;
    let primary = bed.node(bed.primary().await?);
    let url = format!("{}/api/v2.0/configurations/options/{NAME}", primary.admin_url());
    let token = std::fs::read_to_string(primary.dir.join("admin.token"))?.trim().to_owned();
    let start = Arc::new(tokio::sync::Barrier::new(writers + 1));
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let (client, url, start) = (clients[writer % connections].clone(), url.clone(), Arc::clone(&start));
        let token = token.clone();
        tasks.push(tokio::spawn(async move {
            let put = async |value: u64| {
                let body = serde_json::json!({ "value": value.to_string() });
                let answer = client.put(&url).bearer_auth(&token).json(&body).send().await?;
                let status = answer.status();
                let text = answer.text().await?;
                ensure!(status.is_success(), "a write was refused: {status} {text}");
                Ok(())
            };
            // The barrier first: a writer that fails before it would keep the others waiting for ever.
            let first = put(1).await;
            start.wait().await;
            first?;
            let end = Instant::now() + duration;
            let mut histogram = latencies();
            let mut value = writer as u64;
            while Instant::now() < end {
                let begun = Instant::now();
                value = (value + 1) % 80_000;
                put(value).await?;
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
