//! A client behind a slow line.

use std::io::Error;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use flotilla_admin::api::ServerLog;
use flotilla_local::wait_until;
use futures::{StreamExt, stream};
use reqwest::{Body, StatusCode};
use tokio::sync::oneshot;

use crate::common::{DEADLINE, PASSWORD, Scene};

/// 3 kB/s, for some five seconds.
const PIECE: usize = 300;
const PAUSE: Duration = Duration::from_millis(100);
const TOTAL: usize = 48 * PIECE;

/// What a node has sent to others of contents.
async fn sent(scene: &Scene, index: usize) -> Result<usize> {
    let metrics = scene.metrics(index).await?;
    let value = metrics.lines().find_map(|line| line.strip_prefix("flotilla_mesh_sent_bytes_total{lane=\"bulk\"} "));
    Ok(value.context("no such metric")?.parse()?)
}

/// The other node must not take a slow client for a dead connection: it gets the bytes while they come.
#[tokio::test]
async fn what_it_has_sent_goes_to_the_other_node_while_it_sends() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    scene.converged().await?;
    let secondary = (scene.primary_as_seen_by(0).await? + 1) % 3;
    let contents: Vec<u8> = (0..TOTAL).map(|at| (at / 7 + at % 251) as u8).collect();
    let mut pieces: Vec<Vec<u8>> = contents.chunks(PIECE).map(<[u8]>::to_vec).collect();
    let last = pieces.pop().context("there is a last piece")?;
    let paced = stream::iter(pieces).then(|piece| async move {
        // Not in place of a condition: this is what the client is like.
        tokio::time::sleep(PAUSE).await;
        Ok::<_, Error>(piece)
    });
    let (go_on, goes_on) = oneshot::channel();
    let last = stream::once(async move { goes_on.await.map(|()| last).map_err(Error::other) });

    let before = sent(&scene, secondary).await?;
    let request = scene.cluster.client().put(scene.file_url(secondary, "slow.bin")).basic_auth("alice", Some(PASSWORD));
    let sending = tokio::spawn(request.body(Body::wrap_stream(paced.chain(Box::pin(last)))).send());
    wait_until("half of it has gone to the other node", DEADLINE, async || {
        Ok((sent(&scene, secondary).await? > before + TOTAL / 2).then_some(()))
    })
    .await?;
    ensure!(go_on.send(()).is_ok(), "the upload has ended before its last piece");
    let answer = sending.await??;
    let (status, text) = (answer.status(), answer.text().await?);
    ensure!(status == StatusCode::CREATED, "{status}: {text}");

    for index in 0..3 {
        let (status, stored) = scene.get(index, "alice", "slow.bin").await?;
        ensure!(status == StatusCode::OK && stored == contents, "node {}: {status}", index + 1);
    }
    let transfer = serde_json::from_str::<serde_json::Value>(&text)?["transfer"].as_u64().context("no transfer")?;
    let row = scene.ended(0, transfer).await?;
    assert_eq!((row.state.as_str(), row.replicas.len(), row.node.0), ("Processed", 2, secondary as u64 + 1));
    let log: ServerLog = serde_json::from_value(scene.cluster.command(0, &["log", "--limit", "1000"]).await?)?;
    for complaint in ["a node did not take its copy", "sends a copy to a spare node"] {
        ensure!(log.items.iter().all(|line| line.message != complaint), "{:#?}", log.items);
    }
    Ok(())
}
