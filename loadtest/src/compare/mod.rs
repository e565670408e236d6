//! Flotilla and NATS JetStream in turns on this machine: absolute figures differ between machines and hours, the ratio of
//! figures that were taken minutes apart does not.

mod peer;
mod ratios;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::arguments::{ClusterArguments, RunArguments, StreamArguments};
use crate::bed::Bed;
use crate::collector::progress;
use crate::events::{self, Driver, Queue, end_to_end, pace, publish};
use crate::terminal;
use peer::{Nats, SyncInterval};
use ratios::{Rounds, Values};

/// The windows that the peers' client measures.
const PEER_WINDOWS: [u64; 3] = [1, 64, 512];

#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// The folder that the peers' `prepare` script has made.
    #[arg(long)]
    peers: PathBuf,
    /// When JetStream syncs its files.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [SyncInterval::Default, SyncInterval::Always])]
    sync: Vec<SyncInterval>,
    #[command(flatten)]
    cluster: ClusterArguments,
    #[command(flatten)]
    run: RunArguments,
    #[command(flatten)]
    stream: StreamArguments,
}

/// Runs the rounds and prints the ratios.
pub(crate) async fn run(arguments: &CompareArguments) -> Result<()> {
    let windows = &arguments.stream.windows;
    ensure!(windows.iter().all(|window| PEER_WINDOWS.contains(window)), "the peers measure windows {PEER_WINDOWS:?}");
    let nats = Nats::of(&arguments.peers)?;
    let binary = arguments.cluster.binary()?;
    let (dir, _temporary) = arguments.cluster.folder()?;
    let (mut flotilla, mut peers) = (Vec::new(), BTreeMap::<SyncInterval, Vec<Values>>::new());
    let mut order: Vec<Option<SyncInterval>> =
        std::iter::once(None).chain(arguments.sync.iter().copied().map(Some)).collect();
    for round in 1..=arguments.run.runs {
        for contender in &order {
            let name = contender.map_or("Flotilla".to_owned(), |sync| format!("NATS, sync {}", sync.word()));
            progress(format!("round {round} of {}: {name}", arguments.run.runs));
            // What the one before has left in the page cache would be written in this one's time.
            rustix::fs::sync();
            let values = match contender {
                None => measure(&binary, &dir.join(format!("round-{round}")), arguments).await.context(name)?,
                Some(sync) => nats.run(*sync, arguments.run.seconds).await.context(name)?,
            };
            let rate = |key: &str| values.get(key).copied().unwrap_or(f64::NAN);
            progress(format!(
                "  window 512: {:.0}/s; end to end: {:.0}/s",
                rate("pub_w512_msgs_s"),
                rate("e2e_msgs_s")
            ));
            match contender {
                None => flotilla.push(values),
                Some(sync) => peers.entry(*sync).or_default().push(values),
            }
        }
        // Nobody always comes first.
        order.rotate_left(1);
    }
    let rows = ratios::rows(&Rounds { flotilla, peers }, windows)?;
    match arguments.cluster.json {
        true => terminal::print(&format!("{}\n", serde_json::to_string_pretty(&rows)?)),
        false => terminal::print(&ratios::table(&rows)),
    }
}

/// One round of Flotilla on a fresh cluster, which is gone afterwards: its rival finds the machine to itself.
async fn measure(binary: &Path, dir: &Path, arguments: &CompareArguments) -> Result<Values> {
    let (stream, duration) = (&arguments.stream, Duration::from_secs(arguments.run.seconds));
    let mut bed = Bed::start(binary, dir).await?;
    events::prepare(&bed, stream).await?;
    let mut values = Values::new();
    {
        let (queue, driver) = (Queue::of(&bed)?, Driver::new(&bed, stream).await?);
        for window in &stream.windows {
            let run = publish::run(&queue, &driver, stream, *window, duration).await?;
            for (end, value) in [
                ("msgs_s", run.rate),
                ("p50_ms", run.p50_ms),
                ("p99_ms", run.p99_ms),
                ("server_cpu_us_per_op", run.nodes_us),
                ("client_cpu_us_per_op", run.client_us),
            ] {
                values.insert(format!("pub_w{window}_{end}"), value);
            }
        }
        let rate = end_to_end::run(&queue, &driver, stream, duration).await?.rate;
        let paced = pace::run(&queue, &driver, stream, duration).await?;
        values.insert("e2e_msgs_s".to_owned(), rate);
        values.insert("rate200_puback_p50_ms".to_owned(), paced.p50_ms);
        values.insert("rate200_puback_p99_ms".to_owned(), paced.p99_ms);
    }
    bed.cluster.stop().await?;
    std::fs::remove_dir_all(dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    Ok(values)
}
