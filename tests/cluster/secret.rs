//! The cluster secret: changed under load, with a node away, and on a node that missed it.

use anyhow::{Context, Result, ensure};
use flotilla_admin::api::SecretView;
use flotilla_local::wait_until;

use crate::common::{DEADLINE, Scene, flotilla};
use crate::load::SteadyLoad;

async fn secret_of(scene: &Scene, index: usize) -> Result<SecretView> {
    Ok(serde_json::from_value(scene.cluster.command(index, &["taeh", "show-fingerprint"]).await?)?)
}

/// Waits until a node has let go of its former secret.
async fn changed(scene: &Scene, index: usize) -> Result<SecretView> {
    wait_until("the change of the secret is over", DEADLINE, async || {
        let view = secret_of(scene, index).await?;
        let is_over = view.rotation.as_ref().is_some_and(|row| row.finished_at.is_some());
        Ok((is_over && view.previous.is_none()).then_some(view))
    })
    .await
}

#[tokio::test]
async fn the_secret_changes_under_load_and_no_connection_drops() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let before = secret_of(&scene, 0).await?.fingerprint;
    let load = SteadyLoad::start(&scene, 1);
    load.more(5).await?;
    scene.cluster.command(1, &["taeh", "rotate"]).await?;
    let views = [changed(&scene, 0).await?, changed(&scene, 1).await?, changed(&scene, 2).await?];
    load.more(5).await?;
    load.finish().await?;
    assert_ne!(views[0].fingerprint, before);
    assert!(views.iter().all(|view| view.fingerprint == views[0].fingerprint), "{views:?}");
    let status = scene.status_of(0).await?;
    let links: Vec<_> = status.nodes.iter().filter_map(|node| node.link.as_ref()).collect();
    assert_eq!(links.len(), 2);
    assert!(links.iter().all(|link| link.is_connected && link.reconnects == 0), "{links:?}");
    let again = scene.cluster.command(0, &["taeh", "finish", "--force"]).await.unwrap_err().to_string();
    assert!(again.contains("no change of the cluster secret is under way"), "{again}");
    Ok(())
}

#[tokio::test]
async fn a_node_that_was_away_gets_the_new_secret_when_it_is_back() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    let before = secret_of(&scene, 0).await?.fingerprint;
    scene.cluster.nodes[2].kill()?;
    scene.cluster.command(0, &["taeh", "rotate", "--no-wait"]).await?;
    let waits = wait_until("two nodes have the new secret", DEADLINE, async || {
        let view = secret_of(&scene, 0).await?;
        let row = view.rotation.clone().context("no change is under way")?;
        Ok((row.adopted.len() == 2).then_some((view, row)))
    });
    let (view, row) = waits.await?;
    assert!(row.finished_at.is_none() && row.missing.len() == 1, "{row:?}");
    assert_eq!(view.previous.as_deref(), Some(before.as_str()), "the old one is accepted meanwhile");
    scene.cluster.start_node(2)?;
    let after = changed(&scene, 2).await?;
    assert_ne!(after.fingerprint, before);
    assert_eq!(changed(&scene, 0).await?.fingerprint, after.fingerprint);
    scene.settled().await?;
    Ok(())
}

#[tokio::test]
async fn a_node_that_missed_the_change_is_named_and_mended_by_hand() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    let before = secret_of(&scene, 0).await?.fingerprint;
    scene.cluster.nodes[2].kill()?;
    scene.cluster.command(0, &["taeh", "rotate", "--no-wait"]).await?;
    wait_until("this node has the new secret", DEADLINE, async || {
        Ok((secret_of(&scene, 0).await?.fingerprint != before).then_some(()))
    })
    .await?;
    scene.cluster.command(0, &["taeh", "finish", "--force"]).await?;
    let new = changed(&scene, 0).await?.fingerprint;
    changed(&scene, 1).await?;

    scene.cluster.start_node(2)?;
    wait_until("the node says which secret the others have", DEADLINE, async || {
        let log = scene.cluster.nodes[2].log_tail(2000);
        Ok((log.contains(&new) && log.contains("taeh import")).then_some(()))
    })
    .await?;
    scene.cluster.nodes[2].kill()?;

    let (file, dir) = (scene.cluster.nodes[0].dir.join("exported"), scene.cluster.nodes[2].dir.display().to_string());
    let file = file.display().to_string();
    scene.cluster.command(0, &["taeh", "export", "--out", &file]).await?;
    let refused = flotilla(&["taeh", "import", "--dir", &dir, &file])?;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains(&before) && said.contains(&new) && said.contains("--replace"), "{said}");
    let secret = std::fs::read_to_string(&file)?;
    let digits = secret.lines().nth(1).context("no secret in the file")?;
    assert!(!said.contains(digits), "the secret itself is not shown");
    let taken = flotilla(&["taeh", "import", "--dir", &dir, "--replace", &file])?;
    assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stderr));
    scene.cluster.start_node(2)?;
    scene.settled().await?;
    for index in 0..3 {
        let log = scene.cluster.nodes[index].log_tail(100_000);
        assert!(!log.contains(digits), "node {index} has written the secret to its log");
    }
    Ok(())
}

#[tokio::test]
async fn a_secret_of_ones_own_is_brought_to_a_running_cluster() -> Result<()> {
    let scene = Scene::start(1).await?;
    let (other, place) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (dir, file) = (other.path().join("n").display().to_string(), place.path().join("taeh").display().to_string());
    let made = flotilla(&["init", "--dir", &dir, "--name", "localhost"])?;
    ensure!(made.status.success(), "{made:?}");
    let exported = flotilla(&["taeh", "export", "--dir", &dir, "--out", &file])?;
    ensure!(exported.status.success(), "{exported:?}");
    let over = flotilla(&["taeh", "export", "--dir", &dir, "--out", &file])?;
    assert!(!over.status.success(), "a file that is there is not written over");
    let shown = flotilla(&["taeh", "show-fingerprint", "--dir", &dir, "--json"])?;
    let shown: SecretView = serde_json::from_slice(&shown.stdout)?;
    scene.cluster.command(0, &["taeh", "import", &file]).await?;
    assert_eq!(changed(&scene, 0).await?.fingerprint, shown.fingerprint);
    let again = scene.cluster.command(0, &["taeh", "import", &file]).await.unwrap_err().to_string();
    assert!(again.contains("in force already"), "{again}");
    std::fs::write(&file, "rubbish")?;
    let rubbish = scene.cluster.command(0, &["taeh", "import", &file]).await.unwrap_err().to_string();
    assert!(rubbish.contains("not a cluster secret file"), "{rubbish}");
    Ok(())
}
