//! What a node costs when nothing happens, and how long it takes to start.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::FiguresArguments;
use crate::bed::Bed;
use crate::collector::Collector;
use crate::statistics::Figure;

/// Resident memory and share of one core, over each run's seconds, for all three nodes.
pub(super) async fn measure(bed: &Bed, arguments: &FiguresArguments, collector: &mut Collector) -> Result<()> {
    let (mut memory, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..arguments.run.runs {
        let nodes = bed.cluster.nodes.len();
        let mut before = Vec::new();
        for index in 0..nodes {
            before.push(bed.process_cpu_s(index)?);
        }
        let begun = Instant::now();
        tokio::time::sleep(Duration::from_secs(arguments.run.seconds)).await;
        for (index, before) in before.into_iter().enumerate() {
            cpu.push((bed.process_cpu_s(index)? - before) / begun.elapsed().as_secs_f64() * 100.0);
            memory.push(bed.resident_mib(index)?);
        }
    }
    collector.add(Figure::of("idle node: resident memory", "MiB", memory));
    collector.add(Figure::of("idle node: share of one core", "%", cpu));
    Ok(())
}

/// From the start of a secondary's process until it says that it is ready.
pub(super) async fn start_up(bed: &mut Bed, arguments: &FiguresArguments, collector: &mut Collector) -> Result<()> {
    let mut runs = Vec::new();
    for _ in 0..arguments.run.runs {
        let primary = bed.primary().await?;
        let index = (primary + 1) % bed.cluster.nodes.len();
        bed.cluster.nodes[index].stop(Duration::from_secs(30)).await?;
        let begun = Instant::now();
        bed.cluster.start_node(index)?;
        bed.cluster.wait_ready(index).await?;
        runs.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    collector.add(Figure::of("start-up of a node until it is ready", "ms", runs));
    Ok(())
}
