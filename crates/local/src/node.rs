//! One process of the cluster.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::place::Place;
use crate::ports::NodePorts;
use crate::wait::wait_until;

/// A node's folder and, while it runs, its process. The process is killed when this is dropped.
pub struct LocalNode {
    pub number: u16,
    pub dir: PathBuf,
    pub ports: NodePorts,
    place: Place,
    binary: PathBuf,
    child: Option<Child>,
}

impl LocalNode {
    pub(crate) fn new(number: u16, dir: PathBuf, ports: NodePorts, place: &Place, binary: &Path) -> Self {
        Self { number, dir, ports, place: place.clone(), binary: binary.to_owned(), child: None }
    }

    pub fn config_file(&self) -> PathBuf {
        self.dir.join("flotilla.toml")
    }

    pub fn authority_file(&self) -> PathBuf {
        self.dir.join("pki/ca.pem")
    }

    pub fn log_file(&self) -> PathBuf {
        self.dir.join("node.log")
    }

    pub fn admin_url(&self) -> String {
        format!("https://{}:{}", self.place.host(self.number), self.ports.admin)
    }

    pub fn transfer_url(&self) -> String {
        format!("https://{}:{}", self.place.host(self.number), self.ports.transfer)
    }

    /// Process id while it runs.
    pub fn process_id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Starts the process; its log goes to `node.log` in its folder.
    pub fn start(&mut self, environment: &[(String, String)]) -> Result<()> {
        if self.child.is_some() && self.has_ended()?.is_none() {
            bail!("node {} runs already", self.number);
        }
        if self.place.is_loopback()
            && let Some(port) = self.ports.first_busy()
        {
            bail!("port {port} is in use: end the program that listens there");
        }
        let log =
            File::options().create(true).append(true).open(self.log_file()).context("cannot write the node's log")?;
        let mut command = self.place.command(self.number, &self.binary);
        command.arg("run").arg("--config").arg(self.config_file());
        command.envs(environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        // A group of its own: Ctrl-C on the terminal reaches the parent alone, which stops the nodes in order.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        self.child = Some(command.spawn().with_context(|| format!("cannot start {}", self.binary.display()))?);
        Ok(())
    }

    /// Whether the process has ended by itself.
    pub fn has_ended(&mut self) -> Result<Option<ExitStatus>> {
        match &mut self.child {
            Some(child) => Ok(child.try_wait()?),
            None => Ok(None),
        }
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let id = self.process_id().with_context(|| format!("node {} does not run", self.number))?;
        let pid = Pid::from_raw(i32::try_from(id)?).context("no process id")?;
        kill_process(pid, signal).with_context(|| format!("cannot signal node {}", self.number))
    }

    /// Ends the process at once, as a power cut would (what is in the page cache stays).
    pub fn kill(&mut self) -> Result<()> {
        self.signal(Signal::KILL)?;
        if let Some(mut child) = self.child.take() {
            child.wait()?;
        }
        Ok(())
    }

    /// Freezes the process.
    pub fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a frozen process go on.
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Cuts the process off from all others, silently: no connection is reset. Not on the loopback interface.
    pub fn cut(&self) -> Result<()> {
        self.place.cut(self.number)
    }

    /// Lets it hear the others again.
    pub fn join(&self) -> Result<()> {
        self.place.join(self.number)
    }

    /// Asks the process to stop in order and waits for it.
    pub async fn stop(&mut self, deadline: Duration) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        let number = self.number;
        let child = self.child.as_mut().with_context(|| format!("node {number} does not run"))?;
        let what = format!("node {number} stops");
        let ask = async || Ok(child.try_wait()?);
        let status = wait_until(&what, deadline, ask).await?;
        self.child = None;
        Ok(status)
    }

    /// The last lines of its log, for error messages.
    pub fn log_tail(&self, lines: usize) -> String {
        let text = std::fs::read(self.log_file()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

impl Drop for LocalNode {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Nothing is left to tell when even this fails.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
