//! `docs/set-up.md`: every line of the set-up procedure is run, as it stands there.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use flotilla_local::{free_base_port, wait_until};

use crate::common::binary;

/// Two clusters are set up by it, one after the other.
const DEADLINE: Duration = Duration::from_secs(180);
/// The ports of the page: the test has a block of its own.
const PAGE_PORTS: &str = "210";

fn commands(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| line.strip_prefix("$ ")).collect()
}

#[tokio::test]
async fn every_line_of_the_procedure_does_what_it_says() -> Result<()> {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/set-up.md"))?;
    let commands = commands(&page);
    ensure!(commands.len() > 30, "only {} commands were found", commands.len());
    // Blocks 1 to 5 of a base port that ends in 00: 21011 becomes base + 11.
    let block = (free_base_port(6)? / 100).to_string();
    let mut script = String::from("set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n");
    for command in commands {
        let command = command.replace(PAGE_PORTS, &block);
        // What a node says when it is told to stop is no failure of the page.
        let command = command.replace("kill $(jobs -p); wait", "kill $(jobs -p); wait || true");
        script += &format!("echo \"$ {}\"\n{command}\n", command.replace('"', "'").replace('$', ""));
    }
    let dir = tempfile::tempdir()?;
    std::fs::write(dir.path().join("page.sh"), script)?;
    let log = std::fs::File::create(dir.path().join("page.log"))?;
    let programs = binary().parent().context("the program is in no folder")?.display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH")?);
    let mut shell = Command::new("bash");
    shell.arg("page.sh").current_dir(dir.path()).env("PATH", path).stdin(Stdio::null());
    shell.stdout(log.try_clone()?).stderr(log);
    let mut running = shell.spawn()?;
    let ended = wait_until("the page is run", DEADLINE, async || Ok(running.try_wait()?)).await;
    if ended.is_err() {
        running.kill()?;
    }
    let said = std::fs::read_to_string(dir.path().join("page.log"))?;
    ensure!(ended?.success(), "{said}");
    assert!(!said.contains("DIFFERS") && said.contains("0 failed"), "{said}");
    Ok(())
}
