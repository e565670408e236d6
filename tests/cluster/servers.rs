//! The `servers` list: a cluster that grows and shrinks under load, a dead node replaced, and what is refused.

use anyhow::{Context, Result};
use flotilla_admin::api::ServerView;
use flotilla_local::wait_until;

use crate::common::{DEADLINE, Scene};
use crate::load::SteadyLoad;

/// The exit code of a node that was taken out.
const REMOVED: i32 = 71;

async fn servers(scene: &Scene, index: usize) -> Result<Vec<ServerView>> {
    Ok(serde_json::from_value(scene.cluster.command(index, &["servers", "list"]).await?)?)
}

/// Waits until so many nodes vote.
async fn voters(scene: &Scene, count: usize) -> Result<()> {
    wait_until("the voters are as many as they should be", DEADLINE, async || {
        let consensus = scene.node_status(0).await?.consensus;
        Ok((consensus.voters.len() == count && consensus.learners.is_empty()).then_some(()))
    })
    .await
}

/// Removes the last node, and waits until its process has ended.
async fn remove_last(scene: &mut Scene) -> Result<()> {
    let mut node = scene.cluster.nodes.pop().context("no node is left")?;
    let id = node.number.to_string();
    scene.cluster.command(0, &["servers", "remove", &id]).await?;
    let status = wait_until("the removed node ends", DEADLINE, async || node.has_ended()).await?;
    assert_eq!(status.code(), Some(REMOVED), "{}", node.log_tail(20));
    // It does not come back by itself.
    node.start(&[])?;
    let status = wait_until("the removed node ends again", DEADLINE, async || node.has_ended()).await?;
    assert_eq!(status.code(), Some(REMOVED), "{}", node.log_tail(20));
    assert!(node.log_tail(20).contains("was removed from the cluster"), "{}", node.log_tail(20));
    Ok(())
}

#[tokio::test]
async fn a_cluster_grows_and_shrinks_under_load() -> Result<()> {
    let mut scene = Scene::start(1).await?;
    scene.partner("alice", &["checksum"]).await?;
    let load = SteadyLoad::start(&scene, 0);
    for count in [2, 3] {
        scene.cluster.add_node().await?;
        voters(&scene, count).await?;
        load.more(3).await?;
    }
    scene.cluster.add_node().await?;
    scene.cluster.add_node().await?;
    voters(&scene, 5).await?;
    load.more(3).await?;
    assert_eq!(servers(&scene, 4).await?.len(), 5);
    remove_last(&mut scene).await?;
    remove_last(&mut scene).await?;
    voters(&scene, 3).await?;
    load.more(3).await?;
    load.finish().await?;
    assert_eq!(servers(&scene, 2).await?.iter().map(|row| row.node.0).collect::<Vec<_>>(), [1, 2, 3]);
    scene.drained(0).await?;

    // And on to one, the primary among those that go.
    let load = SteadyLoad::start(&scene, 0);
    load.more(3).await?;
    scene.cluster.command(0, &["primary", "handover", "3"]).await?;
    remove_last(&mut scene).await?;
    voters(&scene, 2).await?;
    load.more(3).await?;
    remove_last(&mut scene).await?;
    voters(&scene, 1).await?;
    load.more(3).await?;
    load.finish().await?;
    scene.drained(0).await?;
    Ok(())
}

#[tokio::test]
async fn a_dead_node_is_replaced_under_load() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let load = SteadyLoad::start(&scene, 0);
    load.more(3).await?;
    scene.cluster.nodes[2].kill()?;
    wait_until("its death is known", DEADLINE, async || {
        let status = scene.status_of(0).await?;
        Ok(status.nodes.iter().any(|node| node.node.0 == 3 && !node.is_up).then_some(()))
    })
    .await?;
    let refused = scene.cluster.command(0, &["servers", "remove", "2"]).await.unwrap_err().to_string();
    assert!(refused.contains("no majority") && refused.contains("node 2"), "{refused}");
    // Files that only it and another one have get further copies first.
    wait_until("the dead node is removed", DEADLINE, async || {
        Ok(scene.cluster.command(0, &["servers", "remove", "3"]).await.is_ok().then_some(()))
    })
    .await?;
    let mut dead = scene.cluster.nodes.pop().context("no node is left")?;
    let index = scene.cluster.add_node_numbered(4).await?;
    voters(&scene, 3).await?;
    load.more(3).await?;
    load.finish().await?;
    let rows = servers(&scene, index).await?;
    assert_eq!(rows.iter().map(|row| row.node.0).collect::<Vec<_>>(), [1, 2, 4]);

    // Started after all, the dead one is let in by nobody, and says so; it was away when it was removed.
    dead.start(&[])?;
    wait_until("the removed node says that it is refused", DEADLINE, async || {
        Ok(dead.log_tail(200).contains("every other node refuses this one").then_some(()))
    })
    .await?;
    dead.kill()?;
    let rows = servers(&scene, 0).await?;
    assert_eq!(rows.iter().map(|row| row.node.0).collect::<Vec<_>>(), [1, 2, 4]);
    voters(&scene, 3).await?;
    Ok(())
}

#[tokio::test]
async fn what_only_a_member_has_is_copied_before_it_is_removed() -> Result<()> {
    let mut scene = Scene::start(2).await?;
    scene.cluster.command(0, &["param", "set", "Files.replicas", "1"]).await?;
    scene.partner("alice", &["checksum"]).await?;
    for number in 0..20 {
        let id = scene.upload(1, "alice", &format!("only-there/{number}"), vec![number; 10_000]).await?;
        assert_eq!(scene.ended(0, id).await?.state, "Processed");
    }
    let refused = scene.cluster.command(0, &["servers", "remove", "2"]).await.unwrap_err().to_string();
    assert!(refused.contains("alone holds 20 contents") && refused.contains("--wait"), "{refused}");
    scene.cluster.command(1, &["servers", "list"]).await?;

    // An operator may think again.
    let leave = format!("{}/api/v2.0/servers/2/operations/leave", scene.cluster.nodes[0].admin_url());
    let token = std::fs::read_to_string(scene.cluster.nodes[0].dir.join("admin.token"))?;
    let request = scene.cluster.client().post(leave).bearer_auth(token.trim()).json(&());
    request.send().await?.error_for_status()?;
    assert!(servers(&scene, 0).await?[1].leaving.is_some());
    scene.cluster.command(1, &["servers", "keep", "2"]).await?;
    assert!(servers(&scene, 1).await?.iter().all(|row| row.leaving.is_none()));

    let load = SteadyLoad::start(&scene, 0);
    load.more(3).await?;
    let mut node = scene.cluster.nodes.pop().context("no node is left")?;
    scene.cluster.command(0, &["servers", "remove", "2", "--wait"]).await?;
    let status = wait_until("the removed node ends", DEADLINE, async || node.has_ended()).await?;
    assert_eq!(status.code(), Some(REMOVED), "{}", node.log_tail(20));
    load.more(3).await?;
    load.finish().await?;
    for number in 0..20 {
        assert_eq!(scene.get(0, "alice", &format!("only-there/{number}")).await?.1, vec![number; 10_000]);
    }
    let refused = scene.cluster.command(0, &["servers", "remove", "1", "--wait"]).await.unwrap_err().to_string();
    assert!(refused.contains("the last member"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn the_order_is_moved_exported_and_imported() -> Result<()> {
    let scene = Scene::start(3).await?;
    let order = |rows: &[ServerView]| rows.iter().map(|row| row.node.0).collect::<Vec<_>>();
    scene.cluster.command(1, &["servers", "move", "3", "1"]).await?;
    assert_eq!(order(&servers(&scene, 0).await?), [3, 1, 2]);

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("servers");
    let path = file.display().to_string();
    scene.cluster.command(0, &["servers", "export", "--out", &path]).await?;
    let text = std::fs::read_to_string(&file)?;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0], format!("127.0.0.1\t{}", scene.cluster.nodes[2].admin_url()));

    let import = async |text: &str, more: &[&str]| {
        std::fs::write(&file, text)?;
        let mut arguments = vec!["servers", "import", &path];
        arguments.extend(more);
        scene.cluster.command(0, &arguments).await
    };
    // As other editors leave it.
    let wanted = format!("# our order\r\n\r\n{}\r\n{}\r\n{}\r\n", lines[1], lines[2].replace('\t', "  "), lines[0]);
    let plan = import(&wanted, &["--dry-run"]).await?;
    assert_eq!(plan["order"], serde_json::json!([1, 2, 3]));
    assert_eq!(order(&servers(&scene, 0).await?), [3, 1, 2], "nothing was changed");
    import(&wanted, &[]).await?;
    assert_eq!(order(&servers(&scene, 2).await?), [1, 2, 3]);

    for (text, part) in [
        (format!("{}\n{}\n", lines[0], lines[1]), "members are left out: 127.0.0.1 (node 2)"),
        (format!("{text}ft9\thttps://ft9.example.org:8444\n"), "no members: ft9"),
        (format!("{}\nft9\n", lines[0]), "line 2: a line has 2 fields"),
        (format!("{}\n{}\n", lines[0], lines[0]), "stands in line 1 already"),
        (String::new(), "no server is listed"),
    ] {
        let refused = import(&text, &[]).await.unwrap_err().to_string();
        assert!(refused.contains(part), "{part} is missing in {refused}");
    }
    for (arguments, part) in [
        (&["servers", "remove", "9"][..], "there is no member 9"),
        (&["servers", "move", "9", "1"], "there is no member 9"),
    ] {
        let refused = scene.cluster.command(0, arguments).await.unwrap_err().to_string();
        assert!(refused.contains(part), "{part} is missing in {refused}");
    }
    Ok(())
}
