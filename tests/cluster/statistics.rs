//! What accounts have sent, counted by any node.

use anyhow::{Result, ensure};
use flotilla_admin::api::Statistics;

use crate::common::Scene;
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
