//! The rivals that need clients of their own: the program beside this one starts, loads and stops them.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use tokio::process::Command;

use super::contender::{Group, Rival};
use super::{Measured, Values};

pub(super) struct Peers {
    program: PathBuf,
    /// Where it puts servers that are no packages of the system.
    programs: PathBuf,
    windows: Vec<u64>,
    seconds: u64,
    kills: u32,
}

#[derive(Deserialize)]
struct Answer {
    about: String,
    figures: Values,
}

impl Peers {
    /// Installs the servers that are missing.
    pub(super) async fn prepare(
        program: PathBuf,
        programs: PathBuf,
        windows: &[u64],
        seconds: u64,
        kills: u32,
    ) -> Result<Self> {
        ensure!(program.is_file(), "{} is missing: build it in loadtest/peers", program.display());
        let status = Command::new(&program).arg("install").arg("--programs").arg(&programs).status().await?;
        ensure!(status.success(), "{} install ended with {status}", program.display());
        Ok(Self { program, programs, windows: windows.to_vec(), seconds, kills })
    }

    pub(super) async fn measure(&self, rival: Rival, group: Group) -> Result<Measured> {
        let mut command = Command::new(&self.program);
        let flags: &[&str] = match rival {
            Rival::Nats => &["nats"],
            Rival::NatsSyncAlways => &["nats", "--sync-always"],
            Rival::Rabbitmq => &["rabbitmq"],
            Rival::Etcd => &["etcd"],
            Rival::EtcdTuned => &["etcd", "--heartbeat-ms", "20", "--election-ms", "200"],
            Rival::Nginx | Rival::Openssh => bail!("{} is not the peers' program's", rival.title()),
        };
        command.args(flags).arg("--programs").arg(&self.programs).args(["--seconds", &self.seconds.to_string()]);
        if group == Group::Failover {
            command.args(["--kills", &self.kills.to_string()]);
        } else {
            let windows: Vec<String> = self.windows.iter().map(ToString::to_string).collect();
            command.args(["--windows", &windows.join(",")]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot run {}", self.program.display()))?;
        // It stops its servers when this end is closed: also when this future is dropped, or this process is killed.
        let held_open = child.stdin.take();
        let output = child.wait_with_output().await?;
        drop(held_open);
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{} ended with {}: {}", rival.title(), output.status, errors.trim());
        let answer: Answer = serde_json::from_slice(&output.stdout).context("no figures came back")?;
        Ok(Measured { about: answer.about, values: answer.figures })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn program(script: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("peers");
        fs::write(&program, format!("#!/bin/sh\n[ $1 = install ] && exit 0\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        (folder, program)
    }

    #[tokio::test]
    async fn figures_and_failures_come_back() {
        let (folder, good) = program("echo \"{\\\"about\\\": \\\"$*\\\", \\\"figures\\\": {\\\"a\\\": 3.5}}\"");
        let peers = Peers::prepare(good, folder.path().join("programs"), &[1, 64], 7, 2).await.unwrap();
        let measured = peers.measure(Rival::NatsSyncAlways, Group::Events).await.unwrap();
        assert_eq!(measured.values, Values::from([("a".to_owned(), 3.5)]));
        assert!(measured.about.starts_with("nats --sync-always"), "{}", measured.about);
        assert!(measured.about.ends_with("--seconds 7 --windows 1,64"), "{}", measured.about);
        let failover = peers.measure(Rival::Etcd, Group::Failover).await.unwrap().about;
        assert!(failover.ends_with("--kills 2"), "{failover}");

        let (folder, bad) = program("echo no leader >&2; exit 3");
        let peers = Peers::prepare(bad, folder.path().to_owned(), &[1], 1, 1).await.unwrap();
        let error = peers.measure(Rival::Etcd, Group::Parameters).await.err().unwrap().to_string();
        assert!(error.contains("no leader"), "{error}");
        assert!(peers.measure(Rival::Nginx, Group::Files).await.is_err());
        assert!(Peers::prepare(folder.path().join("none"), PathBuf::new(), &[1], 1, 1).await.is_err());
    }
}
