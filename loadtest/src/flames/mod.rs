//! Where the processors' time goes under a load: `perf` samples the nodes, and a flame graph is drawn of its stacks.

mod perf;
mod picture;
mod symbol;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::Serialize;

use crate::arguments::{ClusterArguments, StreamArguments};
use crate::bed::Bed;
use crate::collector::progress;
use crate::events::{self, Driver, Queue, publish};
use crate::figures;
use crate::terminal;

/// Caches are warm and connections made when the first sample is taken.
const WARM_UP: Duration = Duration::from_secs(2);
const UPLOADERS: usize = 32;
const WRITERS: usize = 64;

/// What to draw.
#[derive(Debug, clap::Args)]
pub(crate) struct FlamesArguments {
    /// The loads to draw. [default: all]
    #[arg(value_enum)]
    loads: Vec<Load>,
    #[command(flatten)]
    cluster: ClusterArguments,
    #[command(flatten)]
    stream: StreamArguments,
    /// Seconds in which samples are taken.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=120))]
    seconds: u64,
    /// Folder for the pictures: publish.svg, small-files.svg, parameters.svg.
    #[arg(long, default_value = ".")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Load {
    /// Events published through the stream, with the last of the windows
    Publish,
    /// Files of 64 KiB uploaded by 32 clients
    SmallFiles,
    /// Parameters written by 64 writers
    Parameters,
}

/// One picture.
#[derive(Debug, Serialize)]
struct Drawn {
    load: String,
    samples: u64,
    file: PathBuf,
}

impl Load {
    fn title(self, stream: &StreamArguments) -> String {
        match self {
            Self::Publish => {
                let (bytes, window) = (stream.data_bytes, window(stream));
                format!("Three nodes, events of {bytes} bytes published with a window of {window}")
            }
            Self::SmallFiles => format!("Three nodes, files of 64 KiB uploaded by {UPLOADERS} clients"),
            Self::Parameters => format!("Three nodes, parameters written by {WRITERS} writers"),
        }
    }

    async fn drive(self, bed: &Bed, stream: &StreamArguments, duration: Duration) -> Result<()> {
        match self {
            Self::Publish => {
                events::prepare(bed, stream).await?;
                let (queue, driver) = (Queue::of(bed)?, Driver::new(bed, stream).await?);
                publish::run(&queue, &driver, stream, window(stream), duration).await?;
            }
            Self::SmallFiles => {
                figures::upload_small_files(bed, UPLOADERS, duration).await?;
            }
            Self::Parameters => {
                figures::write_parameters(bed, WRITERS, duration).await?;
            }
        }
        Ok(())
    }
}

fn window(stream: &StreamArguments) -> u64 {
    stream.windows.last().copied().unwrap_or(1)
}

/// Each load on a fresh cluster.
pub(crate) async fn run(arguments: &FlamesArguments) -> Result<()> {
    perf::check().await?;
    std::fs::create_dir_all(&arguments.out).with_context(|| format!("cannot make {}", arguments.out.display()))?;
    let loads = if arguments.loads.is_empty() { Load::value_variants() } else { &arguments.loads };
    let (dir, _temporary) = arguments.cluster.folder()?;
    let mut pictures = Vec::new();
    for load in loads {
        let name = load.to_possible_value().context("a load without a name")?.get_name().to_owned();
        let file = arguments.out.join(format!("{name}.svg"));
        let samples = draw(*load, arguments, &dir.join(&name), &file).await?;
        progress(format!("{}: {samples} samples", file.display()));
        pictures.push(Drawn { load: name, samples, file });
    }
    if arguments.cluster.json {
        terminal::print(&format!("{}\n", serde_json::to_string_pretty(&pictures)?))?;
    }
    Ok(())
}

/// Says how many samples are in the picture.
async fn draw(load: Load, arguments: &FlamesArguments, dir: &Path, picture: &Path) -> Result<u64> {
    let title = load.title(&arguments.stream);
    progress(&title);
    let mut bed = Bed::start(&arguments.cluster.binary()?, dir).await?;
    let time = Duration::from_secs(arguments.seconds);
    let samples = dir.with_extension("perf");
    let recording = async {
        tokio::time::sleep(WARM_UP).await;
        perf::record(&bed.process_ids(), time, &samples).await
    };
    tokio::try_join!(load.drive(&bed, &arguments.stream, WARM_UP + time + WARM_UP), recording)?;
    bed.cluster.stop().await?;
    picture::draw(&title, &perf::stacks(&samples).await?, picture)
}
