//! Very many files of 1 KiB in folders of a thousand; and their uploads and downloads by 32 clients at all nodes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bytes::Bytes;

use super::shares::share_out;
use crate::bed::{Bed, PLAIN_ACCOUNT};
use crate::partner::Partner;

const FILE_BYTES: usize = 1024;
const CLIENTS: usize = 32;
const CLIENTS_WHILE_IT_GROWS: usize = 128;
/// Steps through the files in an order that no cache foresees.
const STRIDE: u64 = 7_919;

/// Of what is uploaded while it is measured: no name comes twice.
static MEASURED: AtomicU64 = AtomicU64::new(0);

fn path(folder: &str, number: u64) -> String {
    format!("{folder}/{}/{number}.bin", number / 1000)
}

fn partners(bed: &Bed, count: usize) -> impl Iterator<Item = Result<Partner>> {
    (0..count).map(|index| Partner::of(bed, index, PLAIN_ACCOUNT))
}

fn contents() -> Bytes {
    Bytes::from((0..FILE_BYTES).map(|at| (at * 31 % 251) as u8).collect::<Vec<u8>>())
}

pub(super) async fn add(bed: &Bed, count: u64) -> Result<()> {
    let body = contents();
    share_out("files", count, partners(bed, CLIENTS_WHILE_IT_GROWS), move |partner, number| {
        let body = body.clone();
        async move { partner.put(&path("grown", number), body).await }
    })
    .await
}

/// Uploads a second.
pub(super) async fn upload_for(bed: &Bed, duration: Duration) -> Result<f64> {
    let next = |_| path("measured", MEASURED.fetch_add(1, Ordering::Relaxed));
    let body = contents();
    by_all(bed, duration, next, async |partner, path| partner.put(&path, body.clone()).await).await
}

/// Downloads a second, of files all over the `count` that were added.
pub(super) async fn download_for(bed: &Bed, count: u64, duration: Duration) -> Result<f64> {
    let next = move |turn: u64| path("grown", turn.wrapping_mul(STRIDE) % count);
    let body = contents();
    let get = async |partner: Partner, path: String| {
        ensure!(partner.get(&path).await? == body, "{path} did not come back as it was sent");
        Ok(())
    };
    by_all(bed, duration, next, get).await
}

/// Each client asks again when its last request is answered.
async fn by_all(
    bed: &Bed,
    duration: Duration,
    next: impl Fn(u64) -> String,
    ask: impl AsyncFn(Partner, String) -> Result<()>,
) -> Result<f64> {
    let partners = partners(bed, CLIENTS).collect::<Result<Vec<_>>>()?;
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
