//! NATS JetStream as the peers' scripts set it up: three replicas, mutual TLS, explicit acknowledgement.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use tokio::process::Command;

use super::ratios::Values;

/// When JetStream syncs its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum SyncInterval {
    /// Every two minutes
    Default,
    /// Before each acknowledgement
    Always,
}

impl SyncInterval {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Always => "always",
        }
    }
}

pub(super) struct Nats {
    script: PathBuf,
}

impl Nats {
    /// `peers` is the folder that the peers' `prepare` has made.
    pub(super) fn of(peers: &Path) -> Result<Self> {
        let script = peers.join("nats/run.sh");
        for needed in [&script, &peers.join("venv/bin/nats-server"), &peers.join("clients/target/release/natsbench")] {
            ensure!(needed.is_file(), "{} is missing: run the peers' prepare script first", needed.display());
        }
        Ok(Self { script })
    }

    /// One round: the script starts three servers, measures, and stops them.
    pub(super) async fn run(&self, sync: SyncInterval, seconds: u64) -> Result<Values> {
        let mut command = Command::new("bash");
        command.arg(&self.script).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("SYNC", sync.word()).env("REPS", "1").env("KILLS", "0").env("SECS", seconds.to_string());
        let output = command.output().await.with_context(|| format!("cannot run {}", self.script.display()))?;
        let values = parse(&String::from_utf8_lossy(&output.stdout));
        // The script's pipes hide the exit code of the client: a figure that is missing tells.
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(
            values.contains_key("rate200_puback_p99_ms"),
            "{} ended with {} before its last figure: {}",
            self.script.display(),
            output.status,
            errors.trim()
        );
        Ok(values)
    }
}

/// The numbers among lines of `name=value`.
fn parse(text: &str) -> Values {
    let pairs = text.lines().filter_map(|line| line.trim().split_once('='));
    pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect::<BTreeMap<_, _>>()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn lines_that_are_no_numbers_are_left_out() {
        let values =
            parse("version=nats-server: v2\nsync_interval=always\npub_w1_msgs_s=539.420\nnoise\n e2e_msgs_s=7\n");
        assert_eq!(values, Values::from([("pub_w1_msgs_s".to_owned(), 539.42), ("e2e_msgs_s".to_owned(), 7.0)]));
    }

    fn peers(script: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in
            [("nats/run.sh", script), ("venv/bin/nats-server", ""), ("clients/target/release/natsbench", "")]
        {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        folder
    }

    #[tokio::test]
    async fn a_round_gives_the_figures_of_its_script() {
        let folder = peers("echo \"secs=$SECS\"; echo sync=$SYNC; echo rate200_puback_p99_ms=3.5");
        let values = Nats::of(folder.path()).unwrap().run(SyncInterval::Always, 7).await.unwrap();
        assert_eq!(values, Values::from([("secs".to_owned(), 7.0), ("rate200_puback_p99_ms".to_owned(), 3.5)]));
        let folder = peers("echo pub_w1_msgs_s=1; echo no leader >&2; exit 3");
        let error = Nats::of(folder.path()).unwrap().run(SyncInterval::Default, 7).await.unwrap_err().to_string();
        assert!(error.contains("no leader"), "{error}");
        fs::remove_file(folder.path().join("venv/bin/nats-server")).unwrap();
        assert!(Nats::of(folder.path()).err().unwrap().to_string().contains("prepare"));
    }
}
