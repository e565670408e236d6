//! Profiles: several nodes behind a name, whose secrets are nobody else's.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use flotilla_local::wait_until;
use serde_json::Value;
use tempfile::TempDir;

use crate::common::{DEADLINE, Scene, binary};

/// Where an administrator works, far from any node.
pub(crate) struct Desk {
    dir: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { dir: tempfile::tempdir()? })
    }

    pub(crate) fn profiles_file(&self) -> PathBuf {
        self.dir.path().join("config/profiles.toml")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(self.dir.path()).env("FLOTILLA_PROFILES", self.profiles_file());
        command.env_remove("FLOTILLA_PROFILE").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Output> {
        Ok(self.command(arguments).output()?)
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Result<Value> {
        let output = self.run(&[&["--json"], arguments].concat())?;
        ensure!(output.status.success(), "{arguments:?}: {}", said(&output));
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// A profile `prod` of all nodes, with a token of this role that was given on standard input.
    pub(crate) async fn with_profile(scene: &Scene, role: &str) -> Result<Self> {
        let desk = Self::new()?;
        let create = ["api-token", "create", "desk", "--role", role, "--owner", "admin"];
        let made = scene.cluster.command(0, &create).await?;
        let token = format!("{}\n", made["token"].as_str().context("no token")?);
        let (url, ca) = (scene.cluster.nodes[0].admin_url(), scene.cluster.nodes[0].authority_file());
        let ca = ca.display().to_string();
        let add = ["profile", "add", "prod", "--url", &url, "--ca", &ca, "--token-stdin", "--all-nodes"];
        let mut child = desk.command(&add).stdin(Stdio::piped()).spawn()?;
        std::io::Write::write_all(&mut child.stdin.take().context("no input")?, token.as_bytes())?;
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "{}", said(&output));
        Ok(desk)
    }

    /// Waits until each node knows the token.
    pub(crate) async fn known_everywhere(&self, scene: &Scene) -> Result<()> {
        let token = self.dir.path().join("config/prod.token").display().to_string();
        let authorities = self.dir.path().join("config/prod-ca.pem").display().to_string();
        for node in &scene.cluster.nodes {
            let ask = ["session", "list", "--url", &node.admin_url(), "--ca", &authorities, "--token-file", &token];
            wait_until("the node knows the token", DEADLINE, async || {
                Ok(self.run(&ask)?.status.success().then_some(()))
            })
            .await?;
        }
        Ok(())
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_profile_goes_on_with_the_nodes_that_are_left() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    let desk = Desk::with_profile(&scene, "operator").await?;
    desk.known_everywhere(&scene).await?;
    let shown = desk.json(&["profile", "show", "prod"])?;
    assert_eq!(shown["urls"].as_array().map(Vec::len), Some(3), "{shown}");
    assert!(!shown.to_string().contains("flt_"), "the secret stays in its file: {shown}");
    for (killed, left) in [(0, 2), (1, 1)] {
        scene.cluster.nodes[killed].kill()?;
        let status = desk.json(&["--profile", "prod", "status"])?;
        assert_eq!(status["nodes"].as_array().map(Vec::len), Some(3), "{left} nodes are left: {status}");
    }
    scene.cluster.nodes[2].kill()?;
    let failed = desk.run(&["status", "--profile", "prod"])?;
    assert_eq!(failed.status.code(), Some(3), "{}", said(&failed));
    for node in &scene.cluster.nodes {
        let part = format!("{} (profile prod) cannot be reached", node.admin_url());
        assert!(said(&failed).contains(&part), "{part} is missing in {}", said(&failed));
    }
    Ok(())
}

#[tokio::test]
async fn changes_go_through_a_profile_as_far_as_its_role_reaches() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    scene.partner("alice", &[]).await?;
    let desk = Desk::with_profile(&scene, "operator").await?;
    desk.known_everywhere(&scene).await?;
    desk.json(&["profile", "use", "prod"])?;
    scene.cluster.nodes[0].kill()?;
    // A node without a primary refuses; another try, or another node, takes it when there is one again.
    wait_until("a change is taken", DEADLINE, async || {
        Ok(desk.run(&["queue", "pause", "alice"])?.status.success().then_some(()))
    })
    .await?;
    assert_eq!(desk.json(&["queue", "lane", "alice"])?["is_paused"], true);
    let refused = desk.run(&["param", "set", "EventQueue.maxRetryCount", "7"])?;
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("profile prod") && said(&refused).contains("role"), "{}", said(&refused));
    Ok(())
}

#[test]
fn a_secret_that_others_can_read_is_not_used() -> Result<()> {
    let desk = Desk::new()?;
    let (token, ca) = (desk.dir.path().join("t"), desk.dir.path().join("ca.pem"));
    std::fs::write(&token, "flt_secret\n")?;
    std::fs::write(&ca, "no certificate")?;
    let mode = |mode| std::fs::set_permissions(&token, std::fs::Permissions::from_mode(mode));
    mode(0o600)?;
    let add = |url: &str| desk.run(&["profile", "add", "prod", "--url", url, "--ca", "ca.pem", "--token-file", "t"]);
    assert!(said(&add("https://ft1:8444")?).contains("ca.pem"), "no CA is in the file");
    std::fs::copy(authority(&desk)?, &ca)?;
    let no_url = add("ft1:8444")?;
    assert!(no_url.status.code() == Some(2) && said(&no_url).contains("no admin URL"), "{}", said(&no_url));
    mode(0o644)?;
    let open = add("https://ft1:8444")?;
    assert!(open.status.code() == Some(2) && said(&open).contains("chmod 600"), "{}", said(&open));
    mode(0o600)?;
    assert!(add("https://127.0.0.1:1")?.status.success());
    assert!(!add("https://127.0.0.1:1")?.status.success(), "it is there already");
    mode(0o604)?;
    for command in [&["status", "--profile", "prod"][..], &["profile", "show", "prod"]] {
        let open = desk.run(command)?;
        assert!(open.status.code() == Some(2) && said(&open).contains("profile prod"), "{}", said(&open));
        assert!(said(&open).contains("mode 0604") && !said(&open).contains("flt_"), "{}", said(&open));
    }
    Ok(())
}

/// A CA that nobody uses.
fn authority(desk: &Desk) -> Result<PathBuf> {
    let made = desk.run(&["init", "--dir", "node", "--name", "127.0.0.1", "--bind", "127.0.0.1"])?;
    ensure!(made.status.success(), "{}", said(&made));
    Ok(desk.dir.path().join("node/pki/ca.pem"))
}

#[test]
fn what_names_the_cluster_is_taken_from_the_nearest() -> Result<()> {
    let desk = Desk::new()?;
    let ca = authority(&desk)?.display().to_string();
    let token = desk.dir.path().join("t");
    std::fs::write(&token, "flt_secret\n")?;
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600))?;
    for name in ["given", "variable", "used"] {
        let add = ["profile", "add", name, "--url", "https://127.0.0.1:1", "--ca", &ca, "--token-file", "t"];
        ensure!(desk.run(&add)?.status.success());
    }
    let used = |command: &mut Command| -> Result<String> { Ok(said(&command.output()?)) };
    let nothing = used(&mut desk.command(&["status"]))?;
    assert!(nothing.contains("--profile"), "{nothing}");
    desk.json(&["profile", "use", "used"])?;
    assert!(used(&mut desk.command(&["status"]))?.contains("(profile used)"));
    assert_eq!(desk.json(&["profile", "show"])?["name"], "used");
    let variable = || {
        let mut command = desk.command(&["status"]);
        command.env("FLOTILLA_PROFILE", "variable");
        command
    };
    assert!(used(&mut variable())?.contains("(profile variable)"));
    assert!(used(variable().args(["--profile", "given"]))?.contains("(profile given)"));
    let by_url = used(variable().args(["--url", "https://127.0.0.1:2", "--ca", &ca, "--token-file", "t"]))?;
    assert!(by_url.contains("127.0.0.1:2 cannot be reached") && !by_url.contains("profile"), "{by_url}");
    // A node's file here is nearer than the profile in use, and further than the variable.
    std::fs::copy(desk.dir.path().join("node/flotilla.toml"), desk.dir.path().join("flotilla.toml"))?;
    let here = used(&mut desk.command(&["status"]))?;
    assert!(!here.contains("profile"), "{here}");
    assert!(used(&mut variable())?.contains("(profile variable)"));
    let unknown = desk.run(&["status", "--profile", "nobody"])?;
    assert_eq!(unknown.status.code(), Some(2));
    assert!(said(&unknown).contains("it has given, used, variable"), "{}", said(&unknown));
    desk.json(&["profile", "remove", "used"])?;
    let list = desk.json(&["profile", "list"])?;
    assert_eq!(list.as_array().map(Vec::len), Some(2), "{list}");
    assert!(list.as_array().is_some_and(|rows| rows.iter().all(|row| row["is_default"] == false)), "{list}");
    assert!(token.exists(), "a file that add was given is not its to remove");
    Ok(())
}
