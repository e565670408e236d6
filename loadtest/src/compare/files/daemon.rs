//! A server process that ends with its value.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use flotilla_local::wait_until;
use rustix::process::{Pid, Signal, kill_process};

const START_DEADLINE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(200);

pub(super) struct Daemon {
    child: Child,
}

impl Daemon {
    /// It is up when it listens on `port`; what it says goes to `log`.
    pub(super) async fn start(mut command: Command, port: u16, log: &Path) -> Result<Self> {
        let output = std::fs::File::create(log).with_context(|| format!("cannot make {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
        let mut daemon = Self { child };
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        wait_until("the server listens", START_DEADLINE, async || {
            if let Some(status) = daemon.child.try_wait()? {
                let text = std::fs::read_to_string(log).unwrap_or_default();
                bail!("the server ended with {status}: {}", text.trim());
            }
            Ok(TcpStream::connect_timeout(&address, LOOK).is_ok().then_some(()))
        })
        .await?;
        Ok(daemon)
    }

    pub(super) fn process_id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Nobody is there any more to be told. TERM, not KILL: its workers must end with it.
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let _ = id.map(|id| kill_process(id, Signal::TERM));
        let _ = self.child.wait();
    }
}
