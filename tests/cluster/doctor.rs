//! The doctor: from every node, what is well, what is not, and with which exit code.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result};
use flotilla_admin::api::{Diagnosis, FindingLevel};
use flotilla_local::{NodePorts, wait_until};

use crate::common::{DEADLINE, Scene, binary};

/// What the doctor says through a node, and the exit code.
fn doctor(scene: &Scene, index: usize, more: &[&str]) -> Result<(Diagnosis, Option<i32>)> {
    let config = scene.cluster.nodes[index].config_file().display().to_string();
    let output = Command::new(binary()).args(["doctor", "--json", "--config", &config]).args(more).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = serde_json::from_str(&text).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok((said, output.status.code()))
}

#[tokio::test]
async fn a_cluster_is_looked_at_from_every_node() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    let (found, code) = doctor(&scene, 1, &[])?;
    let failed: Vec<_> = found.items.iter().filter(|item| item.level == FindingLevel::Failed).collect();
    assert!(failed.is_empty() && code == Some(0), "{failed:?}");
    for node in 1..=3 {
        for check in ["clock", "disk", "certificates", "names", "ports"] {
            let seen = found.items.iter().any(|item| item.node.0 == node && item.check == check);
            assert!(seen, "{check} of node {node} is missing in {found:?}");
        }
    }
    let (found, _) = doctor(&scene, 0, &["--node", "3"])?;
    assert!(found.items.iter().all(|item| item.node.0 == 3), "{found:?}");

    // A receiver of webhooks that does not listen.
    scene.partner("alice", &["webhook=http://127.0.0.1:9/hook"]).await?;
    let (found, code) = doctor(&scene, 2, &[])?;
    assert_eq!((code, found.failed), (Some(1), 3), "from every node: {found:?}");
    let item = found.items.iter().find(|item| item.level == FindingLevel::Failed).context("nothing failed")?;
    assert!(item.detail.contains("integration 127.0.0.1:9") && item.mend.is_some(), "{item:?}");
    scene.cluster.command(0, &["route", "remove", "alice"]).await?;

    scene.cluster.nodes[2].kill()?;
    let found = wait_until("the dead node is found", DEADLINE, async || {
        let (found, code) = doctor(&scene, 0, &[])?;
        Ok((code == Some(1) && found.items.iter().any(|item| item.check == "reach")).then_some(found))
    })
    .await?;
    let reach = found.items.iter().find(|item| item.check == "reach").context("no such finding")?;
    assert_eq!(reach.node.0, 3);
    let port = found.items.iter().find(|item| item.check == "ports" && item.level == FindingLevel::Failed);
    assert!(port.context("no port failed")?.detail.contains("cluster port"), "{found:?}");
    let refused = scene.cluster.command(0, &["doctor", "--node", "9"]).await.unwrap_err().to_string();
    assert!(refused.contains("no member 9"), "{refused}");
    Ok(())
}

fn join(scene: &Scene, dir: &Path, name: &str, primary: &str, token: &str) -> Result<Output> {
    // Of the block of the tenth node: the scene has one.
    let ports = NodePorts::of(scene.cluster.layout.base_port, 9);
    let ports = [ports.cluster, ports.admin, ports.transfer].map(|port| port.to_string());
    let mut command = Command::new(binary());
    command.arg("join").arg("--dir").arg(dir).args(["--name", name, "--bind", "127.0.0.1", "--primary", primary]);
    command.args(["--cluster-port", &ports[0], "--admin-port", &ports[1], "--transfer-port", &ports[2]]);
    Ok(command.args(["--token", token]).output()?)
}

#[tokio::test]
async fn a_join_looks_before_it_makes_anything() -> Result<()> {
    let scene = Scene::start(1).await?;
    let token = scene.cluster.command(0, &["token", "create"]).await?["token"].as_str().unwrap_or_default().to_owned();
    let primary = scene.cluster.nodes[0].admin_url();
    let folder = tempfile::tempdir()?;
    let dir = folder.path().join("node");

    // A name that nobody knows, a port that somebody has, a primary that is not there: all of it is told at once.
    let taken = TcpListener::bind(("127.0.0.1", NodePorts::of(scene.cluster.layout.base_port, 9).admin))?;
    let nobody = "https://127.0.0.1:9";
    let refused = join(&scene, &dir, "no-such-host.invalid", nobody, &token)?;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    for part in ["no-such-host.invalid does not resolve", "--admin-port", "is not reached", "nothing was made", "mend:"]
    {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    assert!(!dir.exists(), "something was made");

    // The token was not spent on it.
    drop(taken);
    let joined = join(&scene, &dir, "127.0.0.1", &primary, &token)?;
    assert!(joined.status.success(), "{}", String::from_utf8_lossy(&joined.stderr));
    Ok(())
}

#[tokio::test]
async fn a_certificate_that_would_be_refused_is_found_and_its_mend_mends_it() -> Result<()> {
    let scene = Scene::start(1).await?;
    let alias = scene.node_status(0).await?.certificate.alias;
    let reason = ["--node", "1", "--force", "--reason", "lost"];
    scene.cluster.command(0, &[&["cert", "revoke", "--alias", &alias], &reason[..]].concat()).await?;
    let item = wait_until("the node refuses its own certificate", DEADLINE, async || {
        let (found, code) = doctor(&scene, 0, &[])?;
        let item = found.items.into_iter().find(|item| item.level == FindingLevel::Failed);
        Ok(item.filter(|_| code == Some(1)))
    })
    .await?;
    assert!(item.check == "certificates" && item.detail.contains("is revoked"), "{item:?}");
    let mend = item.mend.context("no mend is told")?;
    let words: Vec<_> = mend.split(' ').skip(1).collect();
    scene.cluster.command(0, &words).await?;
    wait_until("all is well again", DEADLINE, async || Ok((doctor(&scene, 0, &[])?.1 == Some(0)).then_some(()))).await
}
