//! Files: one of 1 GiB, and two thousand of 64 KiB, by the same clients (curl; sftp for OpenSSH) from the same sources.

mod curl;
mod daemon;
mod nginx;
mod openssh;
mod processes;
mod sources;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use super::contender::Rival;
use super::{Measured, Values};
use crate::bed::Bed;
use processes::Processes;
pub(super) use sources::Sources;

/// A server that files are sent to.
trait FileServer {
    /// One client process that uploads these files, one after the other, over one connection.
    fn upload(&self, client: usize, files: &[Upload]) -> Result<Command>;

    /// One client process that downloads a file to nowhere.
    fn download(&self, name: &str) -> Result<Command>;

    /// Nobody is connected yet.
    fn processes(&self) -> Processes;
}

/// A file and where it goes to.
struct Upload {
    source: PathBuf,
    name: String,
}

const BIG: &str = "big";
const SMALL_CLIENTS: [usize; 2] = [1, 8];

pub(super) async fn measure_ours(bed: &Bed, dir: &Path, sources: &Sources) -> Result<Values> {
    measure(&curl::Flotilla::of(bed, dir)?, sources).await
}

pub(super) async fn measure_rival(rival: Rival, dir: &Path, sources: &Sources) -> Result<Measured> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    match rival {
        Rival::Nginx => {
            let server = nginx::Nginx::start(dir).await?;
            Ok(Measured { about: nginx::about()?, values: measure(&server, sources).await? })
        }
        Rival::Openssh => {
            let server = openssh::OpenSsh::start(dir).await?;
            Ok(Measured { about: openssh::about()?, values: measure(&server, sources).await? })
        }
        _ => anyhow::bail!("{} takes no files", rival.title()),
    }
}

async fn measure(server: &impl FileServer, sources: &Sources) -> Result<Values> {
    let mut values = Values::new();
    let processes = server.processes();
    sources.read_into_cache()?;
    // Logged in, and whatever is made at the first request is made.
    run(vec![server.upload(0, &[Upload { source: sources.warm_up(), name: "warm-up".to_owned() }])?]).await?;

    let before_s = processes.cpu_s()?;
    let begun = Instant::now();
    let upload = Upload { source: sources.big(), name: BIG.to_owned() };
    run(vec![server.upload(0, &[upload])?]).await?;
    let megabytes = sources.big_bytes() as f64 / 1e6;
    values.insert("upload_mb_per_s".to_owned(), megabytes / begun.elapsed().as_secs_f64());
    rustix::fs::sync();
    values.insert("upload_synced_mb_per_s".to_owned(), megabytes / begun.elapsed().as_secs_f64());
    let spent_s = processes.settled_cpu_s().await? - before_s;
    values.insert("upload_servers_us_per_mb".to_owned(), spent_s * 1e6 / megabytes);

    let begun = Instant::now();
    run(vec![server.download(BIG)?]).await?;
    values.insert("download_mb_per_s".to_owned(), megabytes / begun.elapsed().as_secs_f64());

    for clients in SMALL_CLIENTS {
        rustix::fs::sync();
        let mut commands = Vec::new();
        for (client, files) in sources.small_shared_by(clients).into_iter().enumerate() {
            let uploads: Vec<Upload> = files
                .into_iter()
                .map(|(source, name)| Upload { source, name: format!("by-{clients}-{name}") })
                .collect();
            commands.push(server.upload(client, &uploads)?);
        }
        let before_s = processes.cpu_s()?;
        let begun = Instant::now();
        run(commands).await?;
        let files = sources.small_count() as f64;
        values.insert(format!("small_{clients}_per_s"), files / begun.elapsed().as_secs_f64());
        let spent_s = processes.settled_cpu_s().await? - before_s;
        values.insert(format!("small_{clients}_servers_us"), spent_s * 1e6 / files);
    }
    Ok(values)
}

/// Runs the clients at the same time; each must succeed.
async fn run(commands: Vec<Command>) -> Result<()> {
    let mut children = Vec::new();
    for mut command in commands {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        children.push(command.spawn().with_context(|| format!("cannot start {:?}", command.as_std().get_program()))?);
    }
    for child in children {
        let output = child.wait_with_output().await?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "a client ended with {}: {}", output.status, errors.trim());
    }
    Ok(())
}
