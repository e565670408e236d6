//! Making a cluster: what `init`, `token`, `join` and `run` do, and what they say when something is wrong.

use std::process::Output;

use anyhow::Result;
use flotilla_local::NodePorts;

use crate::common::{Scene, flotilla};

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn one_node_by_itself() -> Result<()> {
    let mut scene = Scene::start(1).await?;
    scene.partner("alice", &["checksum"]).await?;
    let id = scene.upload(0, "alice", "a", b"a".to_vec()).await?;
    let row = scene.ended(0, id).await?;
    assert_eq!((row.state.as_str(), row.replicas.len()), ("Processed", 1));
    // Killed and started again it has everything.
    scene.cluster.nodes[0].kill()?;
    scene.cluster.start_node(0)?;
    scene.cluster.wait_ready(0).await?;
    assert_eq!(scene.get(0, "alice", "a").await?.1, b"a");
    assert_eq!(scene.transfer(0, id).await?, row);
    Ok(())
}

#[tokio::test]
async fn a_folder_is_made_once() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let place = dir.path().join("n").display().to_string();
    let made = flotilla(&["init", "--dir", &place, "--name", "localhost"])?;
    assert!(made.status.success(), "{}", stderr(&made));
    let printed = String::from_utf8_lossy(&made.stdout);
    assert!(printed.contains("password"), "{printed}");
    let again = flotilla(&["init", "--dir", &place, "--name", "localhost"])?;
    assert!(!again.status.success());
    assert!(stderr(&again).contains("is the folder of a node already"), "{}", stderr(&again));
    for secret in ["pki/taeh", "pki/ca.key", "admin.token", "bootstrap.json"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(dir.path().join("n").join(secret))?.permissions().mode();
        assert_eq!(mode & 0o077, 0, "{secret} is readable by others");
    }
    Ok(())
}

#[tokio::test]
async fn every_mistake_in_the_node_file_is_told_at_once() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let place = dir.path().join("n");
    flotilla(&["init", "--dir", &place.display().to_string(), "--name", "localhost"])?;
    let file = place.join("flotilla.toml");
    let text = std::fs::read_to_string(&file)?;
    let text =
        text.replace("name = \"localhost\"", "name = \"no such name\"").replace("[log]", "[log]\nformat = \"xml\"");
    std::fs::write(&file, text + "\n[nonsense]\nkey = 1\n")?;
    let run = flotilla(&["run", "--config", &file.display().to_string()])?;
    assert_eq!(run.status.code(), Some(2), "{}", stderr(&run));
    let said = stderr(&run);
    for part in ["node.name", "log.format", "nonsense", "mend"] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_is_good_for_one_node() -> Result<()> {
    let scene = Scene::start(1).await?;
    let token = scene.cluster.command(0, &["token", "create"]).await?["token"].as_str().unwrap_or_default().to_owned();
    let dir = tempfile::tempdir()?;
    let join = |name: &str, token: &str, number: u16| {
        let ports = NodePorts::of(scene.cluster.layout.base_port + 100, number);
        let ports = [ports.cluster, ports.admin, ports.transfer].map(|port| port.to_string());
        let place = dir.path().join(name).display().to_string();
        flotilla(&[
            "join",
            "--dir",
            &place,
            "--name",
            "127.0.0.1",
            "--bind",
            "127.0.0.1",
            "--cluster-port",
            &ports[0],
            "--admin-port",
            &ports[1],
            "--transfer-port",
            &ports[2],
            "--primary",
            &scene.cluster.nodes[0].admin_url(),
            "--token",
            token,
        ])
    };
    let nonsense = join("x", "nonsense", 1)?;
    assert!(!nonsense.status.success());
    assert!(stderr(&nonsense).contains("token"), "{}", stderr(&nonsense));
    let first = join("a", &token, 1)?;
    assert!(first.status.success(), "{}", stderr(&first));
    let second = join("b", &token, 2)?;
    assert!(!second.status.success());
    assert!(stderr(&second).contains("used already"), "{}", stderr(&second));
    Ok(())
}
