//! What accounts have sent, counted by any node, and how the nodes fared.

use anyhow::{Result, ensure};
use flotilla_admin::api::{History, Statistics};
use flotilla_local::wait_until;

use crate::common::{DEADLINE, Scene};
use crate::receiver::{Behaviour, Receiver};

async fn statistics(scene: &Scene, index: usize, arguments: &[&str]) -> Result<Statistics> {
    let answer = scene.cluster.command(index, &[&["statistics"], arguments].concat()).await?;
    Ok(serde_json::from_value(answer)?)
}

#[tokio::test]
async fn files_are_counted_by_account_and_alike_on_every_node() -> Result<()> {
    let scene = Scene::start(3).await?;
    let receiver = Receiver::start(0, Behaviour::Answer("404 Not Found"))?;
    scene.partner("alice", &["checksum"]).await?;
    scene.partner("bob", &[&format!("webhook={}", receiver.url)]).await?;
    for (number, account) in ["alice", "alice", "bob"].into_iter().enumerate() {
        let transfer = scene.upload(number, account, &format!("{number}.txt"), vec![b'x'; 1000]).await?;
        scene.ended(0, transfer).await?;
    }
    scene.converged().await?;
    let found = statistics(&scene, 0, &["--per", "period"]).await?;
    let rows: Vec<_> = found.items.iter().map(|row| (row.account.as_str(), row.transfers)).collect();
    ensure!(rows.len() == 2 && rows[0].0 == "alice" && rows[1].0 == "bob", "{rows:?}");
    assert_eq!((rows[0].1.count, rows[0].1.bytes, rows[0].1.processed), (2, 2000, 2));
    assert_eq!((rows[1].1.count, rows[1].1.failed), (1, 1));
    assert_eq!((found.transfers.count, found.transfers_complete_since), (3, None));
    let (since, until) = (found.since.to_string(), found.until.to_string());
    let period = ["--per", "period", "--since", &since, "--until", &until];
    for index in 1..3 {
        assert_eq!(statistics(&scene, index, &period).await?, found);
    }
    let of_bob = statistics(&scene, 1, &["--account", "bob", "--per", "hour"]).await?;
    assert_eq!((of_bob.items.len(), of_bob.transfers.count), (1, 1));
    let before = statistics(&scene, 2, &["--until", "2020-01-01T00:00:00Z"]).await?;
    assert_eq!(before.items, []);
    Ok(())
}

async fn history(scene: &Scene, index: usize, arguments: &[&str]) -> Result<History> {
    let answer = scene.cluster.command(index, &[&["history", "--last", "1h"], arguments].concat()).await?;
    Ok(serde_json::from_value(answer)?)
}

#[tokio::test]
async fn the_last_hour_of_each_node_is_told_by_any() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let transfer = scene.upload(1, "alice", "a.txt", vec![b'x'; 100_000]).await?;
    scene.ended(0, transfer).await?;
    let found = wait_until("all nodes have seen the upload", DEADLINE, async || {
        let found = history(&scene, 2, &[]).await?;
        let has_seen =
            |one: &flotilla_admin::api::NodeHistory| one.samples.iter().any(|sample| sample.completed_per_s > 0.0);
        Ok((found.nodes.len() == 3 && found.nodes.iter().all(has_seen)).then_some(found))
    })
    .await?;
    for (index, node) in found.nodes.iter().enumerate() {
        // The queue is the cluster's, partners are each node's own.
        let bytes: f64 = node.samples.iter().map(|sample| sample.bytes_in_per_s).sum();
        assert_eq!(bytes > 0.0, index == 1, "{node:?}");
        let process = node.samples.last().and_then(|sample| sample.process);
        ensure!(process.is_some_and(|process| process.resident_bytes > 1_000_000), "{process:?}");
    }
    let of_one = history(&scene, 2, &["--node", "2"]).await?;
    assert_eq!(of_one.nodes.iter().map(|node| node.node.0).collect::<Vec<_>>(), [2]);
    let refused = history(&scene, 2, &["--node", "9"]).await.unwrap_err().to_string();
    ensure!(refused.contains('9'), "{refused}");
    // One that is away is named, and does not keep the others from being told of.
    scene.cluster.nodes[1].kill()?;
    let found = wait_until("the dead one is named", DEADLINE, async || {
        let found = history(&scene, 2, &[]).await?;
        Ok(found.nodes[1].failure.is_some().then_some(found))
    })
    .await?;
    assert!(found.nodes[1].samples.is_empty() && !found.nodes[0].samples.is_empty(), "{found:?}");
    Ok(())
}
