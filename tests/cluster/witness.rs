//! Two full nodes and a witness: the cluster goes on when one of the full ones is lost.

use anyhow::{Context, Result};
use flotilla_admin::api::{ManagerState, ManagerView, NodeRole};
use flotilla_local::wait_until;
use reqwest::StatusCode;

use crate::common::{DEADLINE, Scene};

#[tokio::test]
async fn two_nodes_with_a_witness_survive_the_loss_of_one() -> Result<()> {
    let mut scene = Scene::start(2).await?;
    scene.partner("alice", &["checksum"]).await?;
    let witness = scene.cluster.add_witness().await?;
    wait_until("the witness votes", DEADLINE, async || {
        let status = scene.node_status(0).await?;
        Ok((status.consensus.voters.len() == 3).then_some(()))
    })
    .await?;
    let role = async |asked: usize| -> Result<NodeRole> {
        let status = scene.status_of(asked).await?;
        Ok(status.nodes.get(witness).context("it is not listed")?.role)
    };
    assert_eq!((role(0).await?, role(witness).await?), (NodeRole::Witness, NodeRole::Witness));
    let ready = scene.cluster.client().get(format!("{}/livez", scene.cluster.nodes[0].admin_url())).send().await?;
    assert_eq!(ready.status(), StatusCode::OK);
    assert!(scene.put(witness, "alice", "f", b"x".to_vec()).await.is_err(), "it has no port for partners");
    let managers = scene.cluster.command(witness, &["tm", "status"]).await?;
    let managers: Vec<ManagerView> = serde_json::from_value(managers)?;
    assert_eq!(managers[witness].state, ManagerState::None);

    for number in 0..10 {
        let id = scene.upload(0, "alice", &format!("before/{number}"), b"x".to_vec()).await?;
        let row = scene.ended(0, id).await?;
        assert_eq!(row.replicas.iter().map(|node| node.0).collect::<Vec<_>>(), [1, 2], "never on the witness");
        assert_ne!(row.worker_node.map(|node| node.0), Some(3));
    }
    let leader = scene.primary_as_seen_by(0).await?;
    let other = 1 - leader;
    scene.cluster.nodes[leader].kill()?;
    let id = wait_until("the other full node takes files", DEADLINE, async || {
        Ok(scene.upload(other, "alice", "after", b"y".to_vec()).await.ok())
    })
    .await?;
    assert_eq!(scene.ended(other, id).await?.state, "Processed");
    assert_eq!(scene.primary_as_seen_by(other).await?, other, "the witness leads only when no other node can");
    assert_eq!(scene.get(other, "alice", "before/7").await?.1, b"x");

    // What came in meanwhile is copied when the other one is back.
    scene.cluster.start_node(leader)?;
    scene.cluster.wait_ready(leader).await?;
    wait_until("the copies are made", DEADLINE, async || {
        Ok((scene.node_status(leader).await?.files.blobs == scene.node_status(other).await?.files.blobs).then_some(()))
    })
    .await?;
    scene.cluster.nodes[other].kill()?;
    let got = wait_until("the node that was away has the file", DEADLINE, async || {
        Ok(scene.get(leader, "alice", "after").await.ok().filter(|answer| answer.0 == StatusCode::OK))
    })
    .await?;
    assert_eq!(got.1, b"y");
    Ok(())
}
