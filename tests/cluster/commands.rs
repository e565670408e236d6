//! The steps `command` and `log`, on real nodes.

use std::path::Path;

use anyhow::{Context, Result};
use flotilla_local::wait_until;
use tempfile::TempDir;

use crate::common::{DEADLINE, Scene};

const POOL: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads";

/// A node with a folder for commands, in which `sh` is a shell, and a folder where scripts leave what they have seen.
struct Stage {
    scene: Scene,
    _commands: TempDir,
    seen: TempDir,
}

impl Stage {
    async fn start() -> Result<Self> {
        let (commands, seen) = (tempfile::tempdir()?, tempfile::tempdir()?);
        // A link, since a program that was just written may still be open for writing in a child of another test.
        std::os::unix::fs::symlink("/bin/sh", commands.path().join("sh"))?;
        let variable = ("FLOTILLA_NODE__COMMANDS_DIR".to_owned(), commands.path().display().to_string());
        let scene = Scene::start_with(1, &[variable]).await?;
        scene.cluster.command(0, &["param", "set", "EventQueue.retryDelayInterval", "0"]).await?;
        scene.partner("alice", &[]).await?;
        Ok(Self { scene, _commands: commands, seen })
    }

    /// Alice's files are given to this script, which runs in `seen`.
    async fn route(&self, script: &str, more: &[&str]) -> Result<()> {
        let script = format!("cd {}\n{script}", self.seen.path().display());
        let mut arguments = vec!["route", "set", "alice", "--step", "checksum", "--step", "command=sh"];
        arguments.extend(["--command-argument", "-c", "--command-argument", &script]);
        arguments.extend(more);
        self.scene.cluster.command(0, &arguments).await?;
        Ok(())
    }

    fn saw(&self, name: &str) -> Result<String> {
        let path = self.seen.path().join(name);
        std::fs::read_to_string(&path).with_context(|| format!("nothing at {}", path.display()))
    }
}

#[tokio::test]
async fn a_command_gets_the_file_and_its_facts_and_a_line_is_logged() -> Result<()> {
    let stage = Stage::start().await?;
    stage
        .route("cat > contents; env > facts; echo all good", &["--step", "log=a file of alice has been handed over"])
        .await?;
    let body: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
    let id = stage.scene.upload(0, "alice", "in/a.bin", body.clone()).await?;
    let row = stage.scene.ended(0, id).await?;
    assert_eq!(row.state, "Processed", "{row:?}");
    assert_eq!(row.steps.iter().map(|step| step.kind.as_str()).collect::<Vec<_>>(), ["checksum", "command", "log"]);
    assert!(row.steps[1].detail.contains("exit code 0: all good"), "{row:?}");
    assert!(std::fs::read(stage.seen.path().join("contents"))? == body, "the whole contents came");
    let facts = stage.saw("facts")?;
    let fact = |name: &str| {
        facts.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).with_context(|| facts.clone())
    };
    assert_eq!(fact("FLOTILLA_ACCOUNT")?, "alice");
    assert_eq!(fact("FLOTILLA_KIND")?, "file.received");
    assert_eq!(fact("FLOTILLA_PATH")?, "in/a.bin");
    assert_eq!(fact("FLOTILLA_TRANSFER")?, id.to_string());
    assert_eq!(fact("FLOTILLA_SHA256")?.len(), 64);
    assert!(fact("FLOTILLA_IDEMPOTENCY_KEY")?.ends_with(&format!("-{}-1", fact("FLOTILLA_EVENT")?)), "{facts}");
    assert!(fact("FLOTILLA_NODE__COMMANDS_DIR").is_err(), "the node's own environment is not handed on");
    let log = stage.scene.cluster.nodes[0].log_tail(1000);
    let line = log.lines().find(|line| line.contains("a file of alice has been handed over")).context(log.clone())?;
    assert!(line.contains("flotilla::route") && line.contains("alice") && line.contains("file.received"), "{line}");
    Ok(())
}

#[tokio::test]
async fn exit_codes_decide_what_becomes_of_the_event() -> Result<()> {
    let stage = Stage::start().await?;
    // At its second try it succeeds.
    stage.route("if [ -e tried ]; then exit 0; fi; touch tried; echo come back; exit 75", &[]).await?;
    let id = stage.scene.upload(0, "alice", "again", b"x".to_vec()).await?;
    let row = stage.scene.ended(0, id).await?;
    let runs: Vec<_> = row.steps.iter().filter(|step| step.kind == "command").collect();
    assert_eq!((row.state.as_str(), runs.len()), ("Processed", 2), "{row:?}");
    assert!(runs[0].detail.contains("exit code 75: come back"), "{row:?}");

    stage.route("echo this will not do; exit 1", &[]).await?;
    let id = stage.scene.upload(0, "alice", "never", b"x".to_vec()).await?;
    let row = stage.scene.ended(0, id).await?;
    assert_eq!(row.state, "Failed subtransmission", "{row:?}");
    assert!(row.failure.as_deref().is_some_and(|text| text.contains("exit code 1: this will not do")), "{row:?}");
    Ok(())
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_killed_and_a_person_decides() -> Result<()> {
    let stage = Stage::start().await?;
    stage.route("echo $$ > leader; sleep 600 & sleep 600", &["--command-timeout", "500"]).await?;
    let id = stage.scene.upload(0, "alice", "long", b"x".to_vec()).await?;
    let row = wait_until("a person is asked", DEADLINE, async || {
        let row = stage.scene.transfer(0, id).await?;
        Ok((row.state == "Paused").then_some(row))
    })
    .await?;
    assert!(row.failure.as_deref().is_some_and(|text| text.contains("killed after 500 ms")), "{row:?}");
    assert!(!Path::new("/proc").join(stage.saw("leader")?.trim()).exists(), "it still runs");
    let status = stage.scene.node_status(0).await?;
    assert_eq!(status.gmp.hung_total, 0, "the step kept its own time");
    Ok(())
}

#[tokio::test]
async fn what_a_command_leaves_running_is_ended_and_its_worker_replaced() -> Result<()> {
    let stage = Stage::start().await?;
    stage.scene.cluster.command(0, &["param", "set", POOL, "1", "--node", "1"]).await?;
    stage.route("sleep 600 > /dev/null 2>&1 & echo $! > child; exit 0", &[]).await?;
    for name in ["first", "second"] {
        let id = stage.scene.upload(0, "alice", name, b"x".to_vec()).await?;
        assert_eq!(stage.scene.ended(0, id).await?.state, "Processed", "the step has done what it was to do");
        let child = stage.saw("child")?;
        wait_until("the child is ended", DEADLINE, async || {
            let stat = std::fs::read_to_string(Path::new("/proc").join(child.trim()).join("stat"));
            Ok(stat.map_or(true, |stat| stat.contains(") Z ")).then_some(()))
        })
        .await?;
    }
    wait_until("both are counted", DEADLINE, async || {
        let status = stage.scene.node_status(0).await?;
        let restarts: u64 =
            status.actors.iter().filter(|actor| actor.name == "gmp-worker-1").map(|actor| actor.restarts).sum();
        Ok((status.gmp.leaked_total == 2 && restarts == 2).then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_node_without_a_folder_for_commands_says_how_to_mend_it() -> Result<()> {
    let scene = Scene::start(1).await?;
    scene.partner("alice", &["command=anything"]).await?;
    let id = scene.upload(0, "alice", "a", b"x".to_vec()).await?;
    let row = scene.ended(0, id).await?;
    assert_eq!(row.state, "Failed subtransmission");
    assert!(row.failure.as_deref().is_some_and(|text| text.contains("node.commands_dir")), "{row:?}");
    let refused = ["route", "set", "alice", "--step", "command=../escape"];
    let refused = scene.cluster.command(0, &refused).await.unwrap_err().to_string();
    assert!(refused.contains("steps[0].program"), "{refused}");
    Ok(())
}
