//! Whether the work costs more when there is much already: one cluster grows, another stays small, and both are measured in turns.

mod accounts;
mod files;
mod shares;

use std::time::Duration;

use anyhow::Result;

use crate::arguments::{ClusterArguments, RunArguments};
use crate::bed::Bed;
use crate::collector::{Collector, progress};
use crate::statistics::Figure;

/// What the small cluster has.
const FEW_FILES: u64 = 1000;
const FEW_ACCOUNTS: u64 = 10;

/// How large to make it.
#[derive(Debug, clap::Args)]
pub(crate) struct GrowthArguments {
    #[command(flatten)]
    cluster: ClusterArguments,
    #[command(flatten)]
    run: RunArguments,
    /// Files of the cluster that grows; the other one has 1,000.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(FEW_FILES..))]
    files: u64,
    /// Accounts of the cluster that grows; the other one has 10. Each costs the hash of a password.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(FEW_ACCOUNTS..))]
    accounts: u64,
}

/// A cluster and how many files it was given.
struct Grown {
    bed: Bed,
    files: u64,
    uploads: Vec<f64>,
    downloads: Vec<f64>,
}

impl Grown {
    async fn make(bed: Bed, files: u64, accounts: u64) -> Result<Self> {
        accounts::add(&bed, accounts).await?;
        files::add(&bed, files).await?;
        Ok(Self { bed, files, uploads: Vec::new(), downloads: Vec::new() })
    }

    async fn measure(&mut self, duration: Duration) -> Result<()> {
        self.uploads.push(files::upload_for(&self.bed, duration).await?);
        self.downloads.push(files::download_for(&self.bed, self.files, duration).await?);
        Ok(())
    }

    fn resident_mib(&self, name: &str) -> Result<Figure> {
        let nodes = 0..self.bed.cluster.nodes.len();
        Ok(Figure::of(name, "MiB", nodes.map(|index| self.bed.resident_mib(index)).collect::<Result<_>>()?))
    }
}

pub(crate) async fn run(arguments: &GrowthArguments) -> Result<()> {
    let (dir, _temporary) = arguments.cluster.folder()?;
    let binary = arguments.cluster.binary()?;
    let mut collector = Collector::default();
    let mut small = Grown::make(Bed::start(&binary, &dir.join("small")).await?, FEW_FILES, FEW_ACCOUNTS).await?;
    let mut large =
        Grown::make(Bed::start(&binary, &dir.join("large")).await?, arguments.files, arguments.accounts).await?;
    let duration = Duration::from_secs(arguments.run.seconds);
    for run in 1..=arguments.run.runs {
        progress(format!("run {run} of {}", arguments.run.runs));
        small.measure(duration).await?;
        large.measure(duration).await?;
    }
    compare("uploads of 1 KiB, 32 clients", &small.uploads, &large.uploads, &mut collector);
    compare("downloads of 1 KiB, 32 clients", &small.downloads, &large.downloads, &mut collector);
    collector.add(small.resident_mib("resident memory of each node, few")?);
    collector.add(large.resident_mib("resident memory of each node, many")?);
    small.bed.cluster.stop().await?;
    collector.add(Figure::of("start of each node until it is ready, many", "s", large.bed.restart_each().await?));
    collector.add(large.resident_mib("resident memory of each node after its restart, many")?);
    large.bed.cluster.stop().await?;
    if arguments.cluster.json {
        collector.print_json()?;
    }
    Ok(())
}

fn compare(what: &str, few: &[f64], many: &[f64], collector: &mut Collector) {
    collector.add(Figure::of(format!("{what}, few"), "/s", few.to_vec()));
    collector.add(Figure::of(format!("{what}, many"), "/s", many.to_vec()));
    // Of the two runs that were taken one after the other.
    let shares = few.iter().zip(many).map(|(few, many)| many / few * 100.0).collect();
    collector.add(Figure::of(format!("{what}, share of the rate with few"), "%", shares));
}
