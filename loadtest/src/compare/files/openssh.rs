//! OpenSSH with `internal-sftp`, and its own client with its own defaults.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as StdCommand;

use anyhow::{Context, Result, ensure};
use flotilla_local::free_base_port;
use tokio::process::Command;

use super::daemon::Daemon;
use super::{FileServer, Processes, Upload};

pub(super) struct OpenSsh {
    daemon: Daemon,
    dir: PathBuf,
}

pub(super) fn about() -> Result<String> {
    let output = StdCommand::new("ssh").arg("-V").output().context("cannot run ssh")?;
    let version = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(format!("{version}; internal-sftp, default cipher, public keys, one copy, nothing synced"))
}

impl OpenSsh {
    pub(super) async fn start(dir: &Path) -> Result<Self> {
        let port = free_base_port(1)?;
        fs::create_dir_all(dir.join("files"))?;
        for key in ["host", "user"] {
            let mut command = StdCommand::new("ssh-keygen");
            command.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(dir.join(key));
            ensure!(command.status().context("cannot run ssh-keygen")?.success(), "ssh-keygen made no key");
        }
        let at = dir.display();
        let user = StdCommand::new("id").arg("-un").output()?;
        let user = String::from_utf8_lossy(&user.stdout).trim().to_owned();
        fs::copy(dir.join("user.pub"), dir.join("authorized_keys"))?;
        fs::write(
            dir.join("known_hosts"),
            format!("[127.0.0.1]:{port} {}", fs::read_to_string(dir.join("host.pub"))?),
        )?;
        fs::write(
            dir.join("sshd_config"),
            format!(
                "Port {port}\nListenAddress 127.0.0.1\nHostKey {at}/host\nAuthorizedKeysFile {at}/authorized_keys\nPidFile none\n\
                 PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nUsePAM no\n\
                 StrictModes no\nMaxStartups 100\nSubsystem sftp internal-sftp\nUseDNS no\n"
            ),
        )?;
        fs::write(
            dir.join("ssh_config"),
            format!(
                "Host server\n  HostName 127.0.0.1\n  Port {port}\n  User {user}\n  IdentityFile {at}/user\n  IdentitiesOnly yes\n  \
                 UserKnownHostsFile {at}/known_hosts\n  StrictHostKeyChecking yes\n"
            ),
        )?;
        // sshd gives its sessions a root of their own there, and Debian makes it only when it starts the service.
        fs::create_dir_all("/run/sshd").context("cannot make /run/sshd")?;
        // It wants to be called by its full path, as it starts itself anew for each connection.
        let mut command = StdCommand::new("/usr/sbin/sshd");
        command.args(["-D", "-e", "-f"]).arg(dir.join("sshd_config"));
        let daemon = Daemon::start(command, port, &dir.join("sshd.log")).await?;
        Ok(Self { daemon, dir: dir.to_owned() })
    }

    fn sftp(&self, name: &str, batch: &str) -> Result<Command> {
        let file = self.dir.join(format!("batch-{name}"));
        fs::write(&file, batch).with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = Command::new("sftp");
        command.arg("-q").arg("-F").arg(self.dir.join("ssh_config")).arg("-b").arg(file).arg("server");
        Ok(command)
    }
}

impl FileServer for OpenSsh {
    fn upload(&self, client: usize, files: &[Upload]) -> Result<Command> {
        let mut batch = String::new();
        for Upload { source, name } in files {
            // Writing to a string does not fail.
            let _ = writeln!(batch, "put {} {}", source.display(), self.dir.join("files").join(name).display());
        }
        self.sftp(&format!("upload-{client}"), &batch)
    }

    fn download(&self, name: &str) -> Result<Command> {
        let file = self.dir.join("files").join(name);
        self.sftp("download", &format!("get {} /dev/null\n", file.display()))
    }

    fn processes(&self) -> Processes {
        Processes::of(vec![self.daemon.process_id()])
    }
}
