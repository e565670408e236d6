//! A resumable upload, and the death of the node that takes it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use flotilla_local::wait_until;
use futures::{StreamExt, stream};
use reqwest::{Method, RequestBuilder, StatusCode};

use crate::common::{DEADLINE, PASSWORD, Scene};

const MIB: usize = 1 << 20;
const TOTAL: usize = 24 * MIB;

pub(crate) fn ask(scene: &Scene, index: usize, method: Method, at: &str) -> RequestBuilder {
    let url = format!("{}{at}", scene.cluster.nodes[index].transfer_url());
    let request = scene.cluster.client().request(method, url).basic_auth("alice", Some(PASSWORD));
    request.header("tus-resumable", "1.0.0").timeout(Duration::from_secs(60))
}

pub(crate) fn part(scene: &Scene, index: usize, at: &str, offset: usize) -> RequestBuilder {
    let request = ask(scene, index, Method::PATCH, at).header("content-type", "application/offset+octet-stream");
    request.header("upload-offset", offset.to_string())
}

/// Opens an upload of so many bytes to `in/large.bin`, and gives its address.
pub(crate) async fn begin(scene: &Scene, index: usize, length: usize) -> Result<String> {
    let begun = ask(scene, index, Method::POST, "/uploads").header("upload-length", length.to_string());
    let begun = begun.header("upload-metadata", "path aW4vbGFyZ2UuYmlu").send().await?;
    ensure!(begun.status() == StatusCode::CREATED, "{}", begun.text().await?);
    Ok(begun.headers().get("location").context("no address")?.to_str()?.to_owned())
}

/// What a node says of how much is here; waits for one that can tell.
async fn offset(scene: &Scene, index: usize, at: &str) -> Result<usize> {
    wait_until("the upload is known", DEADLINE, async || {
        let Ok(answer) = ask(scene, index, Method::HEAD, at).send().await else { return Ok(None) };
        let offset = answer.headers().get("upload-offset").and_then(|value| value.to_str().ok());
        Ok(offset.filter(|_| answer.status() == StatusCode::OK).map(str::parse).transpose()?)
    })
    .await
}

#[tokio::test]
async fn a_node_is_killed_under_an_upload_and_another_one_goes_on() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let body: Vec<u8> = (0..TOTAL).map(|at| (at / 7 + at % 251) as u8).collect();
    let at = begin(&scene, 0, TOTAL).await?;

    let first = part(&scene, 0, &at, 0).body(body[..8 * MIB].to_vec()).send().await?;
    ensure!(first.status() == StatusCode::NO_CONTENT, "{}", first.text().await?);

    // Whoever administers sees it, through any node.
    let seen = scene.cluster.command(2, &["account", "upload", "list", "alice"]).await?;
    assert_eq!((&seen[0]["path"], &seen[0]["received_bytes"]), (&"in/large.bin".into(), &(8 * MIB).into()), "{seen}");

    // The second part is on its way and does not end by itself.
    let (sent, mut sending) = tokio::sync::mpsc::channel(1);
    let pieces: Vec<Vec<u8>> = body[8 * MIB..16 * MIB].chunks(MIB).map(<[u8]>::to_vec).collect();
    let count = pieces.len();
    let endless = stream::iter(pieces.into_iter().enumerate())
        .then(move |(number, piece)| {
            let sent = sent.clone();
            async move {
                if number + 1 == count {
                    let _ = sent.send(()).await;
                }
                Ok::<_, std::io::Error>(piece)
            }
        })
        .chain(stream::pending());
    let cut = tokio::spawn(part(&scene, 0, &at, 8 * MIB).body(reqwest::Body::wrap_stream(endless)).send());
    sending.recv().await.context("the part is not sent")?;
    scene.cluster.nodes[0].kill()?;
    ensure!(!cut.await?.is_ok_and(|answer| answer.status().is_success()), "a dead node has acknowledged");

    // What was acknowledged is here, on any node.
    let here = offset(&scene, 1, &at).await?;
    assert_eq!(here, 8 * MIB);
    let next = part(&scene, 1, &at, here).body(body[here..20 * MIB].to_vec()).send().await?;
    ensure!(next.status() == StatusCode::NO_CONTENT, "{}", next.text().await?);
    let last = part(&scene, 2, &at, 20 * MIB).body(body[20 * MIB..].to_vec()).send().await?;
    ensure!(last.status() == StatusCode::NO_CONTENT, "{}", last.text().await?);
    assert_eq!(offset(&scene, 1, &at).await?, TOTAL);
    for index in [1, 2] {
        let (status, bytes) = scene.get(index, "alice", "in/large.bin").await?;
        ensure!(status == StatusCode::OK && bytes == body, "node {index} gives {} other bytes", bytes.len());
    }

    let answer = ask(&scene, 1, Method::HEAD, &at).send().await?;
    let transfer = answer.headers().get("flotilla-transfer").context("no transfer")?.to_str()?.parse()?;
    let row = scene.ended(1, transfer).await?;
    assert_eq!((row.state.as_str(), row.steps.len()), ("Processed", 1), "one file, one event");

    scene.cluster.start_node(0)?;
    scene.cluster.wait_ready(0).await?;
    assert_eq!(offset(&scene, 0, &at).await?, TOTAL);
    ensure!(scene.get(0, "alice", "in/large.bin").await?.1 == body, "the node that is back gives other bytes");
    scene.converged().await
}
