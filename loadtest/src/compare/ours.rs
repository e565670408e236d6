//! One round of Flotilla on a fresh cluster.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::contender::Group;
use super::{CompareArguments, Values, files};
use crate::bed::Bed;
use crate::events::{self, Driver, Queue, end_to_end, pace, publish};
use crate::figures;
use crate::statistics::percentile_ms;

/// Version and settings.
pub(super) async fn about(binary: &Path) -> Result<String> {
    let output = tokio::process::Command::new(binary).arg("--version").output().await?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(format!("{version}: three nodes, mutual TLS, synced on a majority before an acknowledgement"))
}

/// The cluster is gone afterwards: its rival finds the machine to itself.
pub(super) async fn measure(
    binary: &Path,
    dir: &Path,
    group: Group,
    arguments: &CompareArguments,
    sources: Option<&files::Sources>,
) -> Result<Values> {
    let mut bed = Bed::start(binary, dir).await?;
    let values = match group {
        Group::Events => of_events(&bed, arguments).await?,
        Group::Parameters => of_parameters(&bed, arguments).await?,
        Group::Failover => of_failover(&mut bed, arguments.kills).await?,
        Group::Files => files::measure_ours(&bed, dir, sources.context("no files to send")?).await?,
    };
    bed.cluster.stop().await?;
    // Files stay until the end: the file system makes new ones slowly for minutes after many were deleted.
    if group != Group::Files {
        std::fs::remove_dir_all(dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    }
    Ok(values)
}

async fn of_events(bed: &Bed, arguments: &CompareArguments) -> Result<Values> {
    let (stream, duration) = (&arguments.stream, Duration::from_secs(arguments.run.seconds));
    events::prepare(bed, stream).await?;
    let (queue, driver) = (Queue::of(bed)?, Driver::new(bed, stream).await?);
    let mut values = Values::new();
    for window in &stream.windows {
        let run = publish::run(&queue, &driver, stream, *window, duration).await?;
        for (end, value) in [
            ("per_s", run.rate),
            ("p50_ms", run.p50_ms),
            ("p99_ms", run.p99_ms),
            ("servers_us", run.nodes_us),
            ("client_us", run.client_us),
        ] {
            values.insert(format!("write_{window}_{end}"), value);
        }
    }
    values.insert("process_per_s".to_owned(), end_to_end::run(&queue, &driver, stream, duration).await?.rate);
    let paced = pace::run(&queue, &driver, stream, duration).await?;
    values.insert("pace_p50_ms".to_owned(), paced.p50_ms);
    values.insert("pace_p99_ms".to_owned(), paced.p99_ms);
    Ok(values)
}

async fn of_parameters(bed: &Bed, arguments: &CompareArguments) -> Result<Values> {
    let mut values = Values::new();
    for writers in &arguments.stream.windows {
        let duration = Duration::from_secs(arguments.run.seconds);
        let written = figures::write_parameters(bed, *writers as usize, duration).await?;
        for (end, value) in [
            ("per_s", written.rate),
            ("p50_ms", percentile_ms(&written.latencies, 0.5)),
            ("p99_ms", percentile_ms(&written.latencies, 0.99)),
            ("servers_us", written.usage.nodes_us_each(written.latencies.len())),
            ("client_us", written.usage.client_us_each(written.latencies.len())),
        ] {
            values.insert(format!("write_{writers}_{end}"), value);
        }
    }
    Ok(values)
}

async fn of_failover(bed: &mut Bed, kills: u32) -> Result<Values> {
    let mut gaps_ms = figures::kill_primaries(bed, kills).await?;
    gaps_ms.sort_by(f64::total_cmp);
    let worst = gaps_ms.last().copied().context("nobody was killed")?;
    Ok(Values::from([("failover_ms".to_owned(), gaps_ms[gaps_ms.len() / 2]), ("failover_worst_ms".to_owned(), worst)]))
}
