//! Transaction Managers stopped and started, and the modes of the cluster.

use anyhow::{Context, Result};
use flotilla_admin::api::{ManagerState, ManagerView};
use flotilla_local::wait_until;
use reqwest::StatusCode;

use crate::common::{DEADLINE, Scene};

async fn managers(scene: &Scene, index: usize) -> Result<Vec<ManagerView>> {
    Ok(serde_json::from_value(scene.cluster.command(index, &["tm", "status"]).await?)?)
}

#[tokio::test]
async fn a_stopped_transaction_manager_leaves_the_work_to_others() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    scene.cluster.command(0, &["tm", "stop", "2"]).await?;
    let states: Vec<_> = managers(&scene, 2).await?.iter().map(|row| row.state).collect();
    assert_eq!(states, [ManagerState::Running, ManagerState::Stopped, ManagerState::Running]);
    for number in 0..5 {
        // Its gateway takes files as before.
        let id = scene.upload(1, "alice", &format!("f{number}"), b"x".to_vec()).await?;
        let row = scene.ended(1, id).await?;
        assert_eq!((row.state.as_str(), row.node.0), ("Processed", 2), "{row:?}");
        assert_ne!(row.worker_node.context("nobody worked on it")?.0, 2, "{row:?}");
    }
    let status = scene.status_of(0).await?;
    assert!(status.nodes.iter().all(|node| node.is_up), "it votes and stores as before");

    scene.cluster.command(1, &["tm", "stop", "--all"]).await?;
    let id = scene.upload(0, "alice", "waits", b"x".to_vec()).await?;
    assert_eq!(scene.event_statistics(0).await?.queue.ready, 1);
    scene.cluster.command(2, &["tm", "start", "--all"]).await?;
    assert_eq!(scene.ended(0, id).await?.state, "Processed");
    for arguments in [&["tm", "stop", "9"][..], &["tm", "start", "9"], &["tm", "status", "9"]] {
        let refused = scene.cluster.command(0, arguments).await.unwrap_err().to_string();
        assert!(refused.contains("no member 9"), "{refused}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_not_done_in_time_is_given_back() -> Result<()> {
    let (commands, seen) = (tempfile::tempdir()?, tempfile::tempdir()?);
    std::os::unix::fs::symlink("/bin/sh", commands.path().join("sh"))?;
    let variable = ("FLOTILLA_NODE__COMMANDS_DIR".to_owned(), commands.path().display().to_string());
    let scene = Scene::start_with(1, &[variable]).await?;
    scene.cluster.command(0, &["param", "set", "TransactionManager.GracefulShutdownTimeout", "1"]).await?;
    scene.partner("alice", &[]).await?;
    let script = format!("cd {}; if [ -e begun ]; then exit 0; fi; touch begun; sleep 600", seen.path().display());
    let route =
        ["route", "set", "alice", "--step", "command=sh", "--command-timeout", "900000", "--command-idempotent"];
    let mut arguments = route.to_vec();
    arguments.extend(["--command-argument", "-c", "--command-argument", &script]);
    scene.cluster.command(0, &arguments).await?;
    let id = scene.upload(0, "alice", "slow", b"x".to_vec()).await?;
    let begun = seen.path().join("begun");
    wait_until("the command has begun", DEADLINE, async || Ok(begun.exists().then_some(()))).await?;
    scene.cluster.command(0, &["tm", "stop", "1"]).await?;
    let rows = managers(&scene, 0).await?;
    assert_eq!((rows[0].state, rows[0].busy), (ManagerState::Stopped, Some(0)));
    assert_eq!(scene.event_statistics(0).await?.queue.ready, 1, "it is given back");
    scene.cluster.command(0, &["tm", "start", "1"]).await?;
    let row = scene.ended(0, id).await?;
    assert_eq!(row.state, "Processed", "{row:?}");
    Ok(())
}

#[tokio::test]
async fn a_passive_cluster_serves_on_its_primary_and_a_disabled_one_is_alone() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let leader = scene.primary_as_seen_by(0).await?;
    let other = (leader + 1) % 3;
    scene.cluster.command(0, &["param", "set", "Cluster.mode", "passive"]).await?;
    let refused = wait_until("the secondary stands by", DEADLINE, async || {
        let answer = scene.put(other, "alice", "f", b"x".to_vec()).await?;
        if answer.status() == StatusCode::CREATED || answer.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        Ok(Some(answer.text().await?))
    })
    .await?;
    let url = scene.cluster.nodes[leader].transfer_url();
    assert!(refused.contains("standby") && refused.contains(&url), "{refused}");
    let ready = scene.cluster.client().get(format!("{}/readyz", scene.cluster.nodes[other].admin_url())).send().await?;
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.text().await?.contains("stands by"));
    let id = scene.upload(leader, "alice", "g", b"x".to_vec()).await?;
    let row = scene.ended(leader, id).await?;
    assert_eq!(row.worker_node.map(|node| node.0), Some(leader as u64 + 1));
    let states = managers(&scene, other).await?;
    assert_eq!(states.iter().filter(|row| row.state == ManagerState::Standby).count(), 2, "{states:?}");

    scene.cluster.command(0, &["param", "set", "Cluster.mode", "active"]).await?;
    wait_until("the secondary serves again", DEADLINE, async || {
        Ok(scene.put(other, "alice", "h", b"x".to_vec()).await?.status().is_success().then_some(()))
    })
    .await?;
    for (value, part) in [("disabled", "the cluster has 3 members"), ("passive_legacy", "configuration of its own")] {
        let refused = scene.cluster.command(0, &["param", "set", "Cluster.mode", value]).await.unwrap_err().to_string();
        assert!(refused.contains(part), "{part} is missing in {refused}");
    }
    Ok(())
}
