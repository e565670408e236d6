//! Very many files of 1 KiB in folders of a thousand; and their uploads and downloads by 32 clients at all nodes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bytes::Bytes;

use crate::bed::{Bed, PASSWORD, PLAIN_ACCOUNT};
use crate::collector::progress;

const FILE_BYTES: usize = 1024;
const CLIENTS: usize = 32;
const CLIENTS_WHILE_IT_GROWS: usize = 128;
/// Sent between two words on the progress.
const PORTION: u64 = 50_000;
/// Steps through the files in an order that no cache foresees.
const STRIDE: u64 = 7_919;

/// Of what is uploaded while it is measured: no name comes twice.
static MEASURED: AtomicU64 = AtomicU64::new(0);

fn path(folder: &str, number: u64) -> String {
    format!("{folder}/{}/{number}.bin", number / 1000)
}

/// What one client asks a node for.
#[derive(Clone)]
struct Partner {
    client: reqwest::Client,
    base: String,
    body: Bytes,
}

impl Partner {
    fn of(bed: &Bed, index: usize) -> Result<Self> {
        let body = Bytes::from((0..FILE_BYTES).map(|at| (at * 31 % 251) as u8).collect::<Vec<u8>>());
        Ok(Self { client: bed.client()?, base: bed.node(index).transfer_url(), body })
    }

    async fn put(&self, path: &str) -> Result<()> {
        let request = self.client.put(format!("{}/files/{path}", self.base)).body(self.body.clone());
        let answer = request.basic_auth(PLAIN_ACCOUNT, Some(PASSWORD)).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "the upload of {path} was refused: {status} {text}");
        Ok(())
    }

    async fn get(&self, path: &str) -> Result<()> {
        let request = self.client.get(format!("{}/files/{path}", self.base));
        let answer = request.basic_auth(PLAIN_ACCOUNT, Some(PASSWORD)).send().await?;
        let (status, contents) = (answer.status(), answer.bytes().await?);
        ensure!(status.is_success() && contents == self.body, "{path} did not come back: {status}");
        Ok(())
    }
}

pub(super) async fn add(bed: &Bed, count: u64) -> Result<()> {
    let next = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for index in 0..CLIENTS_WHILE_IT_GROWS {
        let (partner, next) = (Partner::of(bed, index)?, Arc::clone(&next));
        tasks.push(tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(());
                }
                partner.put(&path("grown", number)).await?;
                if (number + 1) % PORTION == 0 {
                    let rate = number as f64 / begun.elapsed().as_secs_f64();
                    progress(format!("{} files of {count}, {rate:.0}/s", number + 1));
                }
            }
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// Uploads a second.
pub(super) async fn upload_for(bed: &Bed, duration: Duration) -> Result<f64> {
    let next = |_| path("measured", MEASURED.fetch_add(1, Ordering::Relaxed));
    by_all(bed, duration, next, async |partner, path| partner.put(&path).await).await
}

/// Downloads a second, of files all over the `count` that were added.
pub(super) async fn download_for(bed: &Bed, count: u64, duration: Duration) -> Result<f64> {
    let next = move |turn: u64| path("grown", turn.wrapping_mul(STRIDE) % count);
    by_all(bed, duration, next, async |partner, path| partner.get(&path).await).await
}

/// Each client asks again when its last request is answered.
async fn by_all(
    bed: &Bed,
    duration: Duration,
    next: impl Fn(u64) -> String,
    ask: impl AsyncFn(Partner, String) -> Result<()>,
) -> Result<f64> {
    let partners = (0..CLIENTS).map(|index| Partner::of(bed, index)).collect::<Result<Vec<_>>>()?;
    let turns = AtomicU64::new(0);
    let turn = || turns.fetch_add(1, Ordering::Relaxed);
    // The first one of each makes the connection and is not counted.
    futures::future::try_join_all(partners.iter().map(|partner| ask(partner.clone(), next(turn())))).await?;
    let begun = Instant::now();
    let counts = futures::future::try_join_all(partners.iter().map(async |partner| {
        let mut count = 0u64;
        while begun.elapsed() < duration {
            ask(partner.clone(), next(turn())).await?;
            count += 1;
        }
        anyhow::Ok(count)
    }))
    .await?;
    Ok(counts.into_iter().sum::<u64>() as f64 / begun.elapsed().as_secs_f64())
}
