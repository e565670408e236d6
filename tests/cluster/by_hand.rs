//! A host that joins by hand, with the cluster secret and the CAs that it was given: each step that is left out is told.

use anyhow::{Result, ensure};
use flotilla_local::{NodePorts, free_base_port};
use tempfile::TempDir;

use crate::common::{Scene, flotilla};

/// A host that is prepared by hand, beside the cluster.
struct Host {
    folder: TempDir,
    ports: NodePorts,
}

impl Host {
    fn new() -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir()?, ports: NodePorts::of(free_base_port(1)?, 1) })
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Runs a command for the folder of its node.
    fn prepare(&self, arguments: &[&str]) -> Result<()> {
        let dir = self.file("node");
        let mut all = arguments.to_vec();
        all.extend(["--dir", &dir]);
        let output = flotilla(&all)?;
        ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// Joins by hand; gives what was said if that was refused.
    fn join(&self, scene: &Scene) -> Result<Option<String>> {
        let (dir, primary) = (self.file("node"), scene.cluster.nodes[0].admin_url());
        let [cluster, admin, transfer] =
            [self.ports.cluster, self.ports.admin, self.ports.transfer].map(|port| port.to_string());
        let mut arguments = vec!["join", "--by-hand", "--dir", &dir, "--name", "127.0.0.1", "--bind", "127.0.0.1"];
        arguments.extend(["--cluster-port", &cluster, "--admin-port", &admin, "--transfer-port", &transfer]);
        arguments.extend(["--primary", &primary]);
        let output = flotilla(&arguments)?;
        Ok((!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

#[tokio::test]
async fn a_host_joins_by_hand_and_each_step_that_lacks_is_named() -> Result<()> {
    let scene = Scene::start(1).await?;
    let host = Host::new()?;
    let refused = host.join(&scene)?.unwrap_or_default();
    assert!(refused.contains("taeh import --dir") && refused.contains("ca import --dir"), "{refused}");

    // The secret of some other cluster.
    let (other, theirs) = (host.file("other"), host.file("theirs"));
    for arguments in
        [&["init", "--dir", &other, "--name", "localhost"][..], &["taeh", "export", "--dir", &other, "--out", &theirs]]
    {
        let output = flotilla(arguments)?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    host.prepare(&["taeh", "import", &theirs])?;
    let refused = host.join(&scene)?.unwrap_or_default();
    assert!(refused.contains("no CA of another node is trusted"), "{refused}");
    let authority = host.file("ca.pem");
    scene.cluster.command(0, &["ca", "export", "--out", &authority]).await?;
    host.prepare(&["ca", "import", &authority])?;
    scene.cluster.command(0, &["servers", "add", "127.0.0.1"]).await?;
    let refused = host.join(&scene)?.unwrap_or_default();
    let ours = scene.cluster.command(0, &["taeh", "show-fingerprint"]).await?;
    let ours = ours["fingerprint"].as_str().unwrap_or("none").to_owned();
    assert!(refused.contains(&ours) && refused.contains("taeh import --dir"), "{refused}");
    let secret = std::fs::read_to_string(&theirs)?;
    assert!(secret.lines().skip(1).all(|line| line.is_empty() || !refused.contains(line)), "the secret is not shown");

    let right = host.file("taeh");
    scene.cluster.command(0, &["taeh", "export", "--out", &right]).await?;
    host.prepare(&["taeh", "import", "--replace", &right])?;
    assert_eq!(host.join(&scene)?, None);
    let rows = scene.cluster.command(0, &["servers", "list"]).await?;
    assert_eq!(rows.as_array().map(Vec::len), Some(2), "{rows}");
    let again = scene.cluster.command(0, &["servers", "add", "127.0.0.1"]).await.unwrap_err().to_string();
    assert!(again.contains("has joined by hand as node 2"), "{again}");

    // A second host of that name was not asked for.
    let stranger = Host::new()?;
    stranger.prepare(&["taeh", "import", &right])?;
    stranger.prepare(&["ca", "import", &authority])?;
    let refused = stranger.join(&scene)?.unwrap_or_default();
    assert!(refused.contains("was not named") && refused.contains("flotilla servers add 127.0.0.1"), "{refused}");
    Ok(())
}
