//! One server process of a rival, in a process group of its own.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

const START_DEADLINE: Duration = Duration::from_secs(90);
const STOP_DEADLINE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// USER_HZ on every Linux that runs this.
const TICKS_PER_SECOND: f64 = 100.0;

pub(crate) struct Server {
    name: String,
    command: Box<dyn Fn() -> Command + Send>,
    port: u16,
    log: PathBuf,
    child: Option<Child>,
}

impl Server {
    /// `command` starts it; it is up when it listens on `port`.
    pub(crate) fn new(name: String, log: PathBuf, port: u16, command: impl Fn() -> Command + Send + 'static) -> Self {
        Self { name, command: Box::new(command), port, log, child: None }
    }

    pub(crate) fn start(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = (self.command)();
        command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn().with_context(|| format!("cannot start {}", self.name))?);
        Ok(())
    }

    pub(crate) async fn wait_until_up(&mut self) -> Result<()> {
        let begun = Instant::now();
        while TcpStream::connect_timeout(&self.address(), LOOK_AGAIN).is_err() {
            let ended = self.child.as_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() || begun.elapsed() > START_DEADLINE {
                bail!("{} did not start ({ended:?}): {}", self.name, self.last_words());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// `kill -9`, of all its processes at once.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.signal(Signal::KILL)?;
        if let Some(mut child) = self.child.take() {
            child.wait()?;
        }
        Ok(())
    }

    /// Asks it to end, and kills what does not.
    fn stop(&mut self) -> Result<()> {
        self.signal(Signal::TERM)?;
        let begun = Instant::now();
        while let Some(child) = &mut self.child {
            if child.try_wait()?.is_some() {
                self.child = None;
            } else if begun.elapsed() > STOP_DEADLINE {
                return self.kill();
            } else {
                std::thread::sleep(LOOK_AGAIN);
            }
        }
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let Some(group) = self.group() else { return Ok(()) };
        kill_process_group(group, signal).with_context(|| format!("cannot signal {}", self.name))
    }

    fn group(&self) -> Option<Pid> {
        self.child.as_ref().and_then(|child| Pid::from_raw(i32::try_from(child.id()).ok()?))
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("; ")
    }

    /// User and system time of its processes.
    pub(crate) fn cpu_s(&self) -> Result<f64> {
        let Some(group) = self.group() else { return Ok(0.0) };
        let mut sum = 0.0;
        for entry in fs::read_dir("/proc")? {
            let Ok(stat) = fs::read_to_string(entry?.path().join("stat")) else { continue };
            // The name of the program, in parentheses, may hold anything.
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            if fields.get(2).is_some_and(|field| *field == group.to_string()) {
                sum += ticks(&fields)?;
            }
        }
        Ok(sum / TICKS_PER_SECOND)
    }
}

/// Starts all at once, then waits for each.
pub(crate) async fn start_all(servers: &mut [Server]) -> Result<()> {
    for server in &mut *servers {
        server.start()?;
    }
    for server in servers {
        server.wait_until_up().await?;
    }
    Ok(())
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody is there any more to be told; what is left over is killed with the group.
        if self.stop().is_err() {
            let _ = self.kill();
        }
    }
}

/// The first line of what a program says of itself.
pub(crate) fn version(program: &Path, flag: &str) -> Result<String> {
    let output = Command::new(program).arg(flag).output();
    let output = output.with_context(|| format!("cannot run {}: call install first", program.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
}

/// Of this program.
pub(crate) fn own_cpu_s() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    Ok(ticks(&fields)? / TICKS_PER_SECOND)
}

/// User and system time, from the fields after the program's name.
fn ticks(fields: &[&str]) -> Result<f64> {
    let field = |at: usize| -> Result<f64> { Ok(fields.get(at).context("unexpected /proc/PID/stat")?.parse()?) };
    Ok(field(11)? + field(12)?)
}
