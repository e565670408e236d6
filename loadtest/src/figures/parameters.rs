//! Parameter writes: each its own REST request to the primary, answered when it is committed and applied.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;

use super::FiguresArguments;
use super::rest::Rest;
use crate::bed::Bed;
use crate::collector::Collector;
use crate::meter::{Meter, Usage};
use crate::statistics::{latencies, percentile_ms};

const PATH: &str = "/api/v2.0/configurations/options/EventQueue.internalRetryDelayInterval";

/// What writers did for some time.
pub(crate) struct Written {
    /// Writes a second.
    pub(crate) rate: f64,
    pub(crate) latencies: Histogram<u64>,
    pub(crate) usage: Usage,
}

/// Writes by 1, 64 and 512 writers.
pub(super) async fn measure(bed: &Bed, arguments: &FiguresArguments, collector: &mut Collector) -> Result<()> {
    for writers in [1usize, 64, 512] {
        let mut runs = Vec::new();
        for _ in 0..arguments.run.runs {
            runs.push(write_parameters(bed, writers, Duration::from_secs(arguments.run.seconds)).await?);
        }
        collector.add_of(format!("parameters written, {writers} writers"), "/s", &runs, |run| run.rate);
        collector.add_of("  … p50", "ms", &runs, |run| percentile_ms(&run.latencies, 0.5));
        collector.add_of("  … p99", "ms", &runs, |run| percentile_ms(&run.latencies, 0.99));
    }
    Ok(())
}

/// Each writer writes again when its last write is acknowledged.
pub(crate) async fn write_parameters(bed: &Bed, writers: usize, duration: Duration) -> Result<Written> {
    // As many connections as etcd's client has: 1, 4, 8. Writers share them, as there.
    let connections = match writers {
        1 => 1,
        2..=64 => 4,
        _ => 8,
    };
    let primary = bed.node(bed.primary().await?);
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(Rest::connect(primary).await?);
    }
    let start = Arc::new(tokio::sync::Barrier::new(writers + 1));
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let (client, start) = (clients[writer % connections].clone(), Arc::clone(&start));
        tasks.push(tokio::spawn(async move {
            let put = |value: u64| client.put(PATH, format!(r#"{{"value":"{value}"}}"#).into());
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
    let (meter, begun) = (Meter::start(bed.process_ids())?, Instant::now());
    let mut all = latencies();
    for task in tasks {
        all.add(task.await??)?;
    }
    let rate = all.len() as f64 / begun.elapsed().as_secs_f64();
    Ok(Written { rate, latencies: all, usage: meter.stop()? })
}
