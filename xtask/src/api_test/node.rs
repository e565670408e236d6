//! A cluster of one node, for the time of a check.
//!
//! `crates/local` starts whole clusters for tests and the demo; it brings an HTTP client, TLS and a runtime with it, and this is the one
//! program that is built before anything else.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::step::{run, works};

/// It leads within a second; a loaded machine gets more.
const DEADLINE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub(super) struct Node {
    folder: PathBuf,
    process: Child,
    pub(super) url: String,
}

pub(super) fn start() -> Result<Node> {
    let program = std::env::current_exe()?.with_file_name("flotilla");
    let folder = std::env::temp_dir().join(format!("flotilla-api-test-{}", std::process::id()));
    let ports = free_ports()?;
    let mut init = Command::new(&program);
    init.arg("init").arg("--dir").arg(&folder).args(["--name", "127.0.0.1", "--bind", "127.0.0.1"]);
    for (flag, port) in ["--cluster-port", "--admin-port", "--transfer-port"].into_iter().zip(ports) {
        init.arg(flag).arg(port.to_string());
    }
    // It prints a password, which is of no use to anybody.
    init.stdout(Stdio::null());
    run("make a node", init)?;
    let log = File::create(folder.join("node.log")).context("cannot write the node's log")?;
    let mut command = Command::new(&program);
    command.arg("run").arg("--config").arg(folder.join("flotilla.toml"));
    let process =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().context("cannot start a node")?;
    let mut node = Node { folder, process, url: format!("https://127.0.0.1:{}", ports[1]) };
    node.wait_until_it_leads(&program)?;
    Ok(node)
}

/// Three that nobody listens on now.
fn free_ports() -> Result<[u16; 3]> {
    let listeners = [0; 3].map(|_| TcpListener::bind("127.0.0.1:0"));
    let mut ports = [0; 3];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        let listener = listener.as_ref().map_err(|error| anyhow::anyhow!("no port is free: {error}"))?;
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

impl Node {
    fn wait_until_it_leads(&mut self, program: &Path) -> Result<()> {
        let until = Instant::now() + DEADLINE;
        loop {
            // A change is refused as long as nobody leads.
            let mut probe = Command::new(program);
            probe.args(["token", "create", "--config"]).arg(self.config());
            if works(probe) {
                return Ok(());
            }
            let log = self.log();
            ensure!(self.process.try_wait()?.is_none(), "the node ended: see {}", log.display());
            ensure!(Instant::now() < until, "the node does not lead after {DEADLINE:?}: see {}", log.display());
            std::thread::park_timeout(LOOK_EVERY);
        }
    }

    fn config(&self) -> PathBuf {
        self.folder.join("flotilla.toml")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("node.log")
    }

    /// The token of its folder, with which one may do all.
    pub(super) fn token(&self) -> Result<String> {
        let text = std::fs::read_to_string(self.folder.join("admin.token")).context("cannot read the node's token")?;
        Ok(text.trim().to_owned())
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends it; it must have run until now. Its folder goes with it when all was well.
    pub(super) fn stop(mut self) -> Result<()> {
        if let Some(status) = self.process.try_wait()? {
            bail!("the node ended by itself with {status}: see {}", self.log().display());
        }
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        if let Some(line) = log.lines().find(|line| line.contains("panicked")) {
            bail!("something panicked in the node: {line}\nsee {}", self.log().display());
        }
        self.process.kill()?;
        self.process.wait()?;
        std::fs::remove_dir_all(&self.folder).with_context(|| format!("cannot remove {}", self.folder.display()))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
