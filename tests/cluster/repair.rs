//! A lost node's copies are made anew on the others.

use anyhow::Result;
use flotilla_local::wait_until;
use reqwest::StatusCode;

use crate::common::{DEADLINE, Scene};

#[tokio::test]
async fn files_of_a_lost_node_are_copied_again() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    scene.partner("alice", &[]).await?;
    let mut bodies = Vec::new();
    for number in 0..12u8 {
        // Both kinds of storage: small contents share segments, large ones have files.
        let body = vec![number; if number % 2 == 0 { 2_000 } else { 900_000 }];
        scene.upload(0, "alice", &format!("{number}"), body.clone()).await?;
        bodies.push(body);
    }
    scene.cluster.nodes[0].kill()?;
    wait_until("all files have two copies again", DEADLINE, async || {
        let status = scene.node_status(1).await?;
        let complete = status.files.under_replicated == 0 && scene.node_status(2).await?.files.under_replicated == 0;
        Ok((complete && status.files.blobs == 12).then_some(()))
    })
    .await?;
    scene.cluster.start_node(0)?;
    scene.cluster.wait_ready(0).await?;
    scene.settled().await?;
    for (number, body) in bodies.iter().enumerate() {
        assert_eq!(scene.get(1, "alice", &number.to_string()).await?, (StatusCode::OK, body.clone()));
    }
    assert_eq!(scene.node_status(1).await?.files.blobs, 12);
    assert_eq!(scene.node_status(2).await?.files.blobs, 12);
    Ok(())
}
