//! Linux' `perf`: samples of processes, and the stacks of them.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

/// Away from round numbers, at which timers fire.
const FREQUENCY_HZ: u32 = 499;
/// Stacks of asynchronous programs are deep.
const STACK_BYTES: u32 = 16 * 1024;

pub(super) async fn check() -> Result<()> {
    let status = Command::new("perf").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    ensure!(status.is_ok_and(|status| status.success()), "perf is missing: install it (Debian: linux-perf)");
    Ok(())
}

/// Samples these processes for so long.
pub(super) async fn record(processes: &[u32], time: Duration, file: &Path) -> Result<()> {
    let processes: Vec<String> = processes.iter().map(ToString::to_string).collect();
    let mut command = Command::new("perf");
    command.args(["record", "-q", "-F", &FREQUENCY_HZ.to_string()]);
    command.args(["--call-graph", &format!("dwarf,{STACK_BYTES}"), "-p", &processes.join(","), "-o"]).arg(file);
    command.args(["--", "sleep", &time.as_secs().to_string()]).kill_on_drop(true).stdout(Stdio::null());
    let output = command.stdin(Stdio::null()).stderr(Stdio::piped()).output().await.context("cannot run perf")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "perf record ended with {}: {}", output.status, errors.trim());
    Ok(())
}

/// The stacks of all samples, as `perf script` writes them.
pub(super) async fn stacks(file: &Path) -> Result<Vec<u8>> {
    let mut command = Command::new("perf");
    // Inlined functions would be looked up one by one, which takes minutes.
    command
        .args(["script", "--no-inline", "-F", "comm,pid,tid,time,event,ip,sym,dso", "-i"])
        .arg(file)
        .kill_on_drop(true);
    let output = command.stdin(Stdio::null()).output().await.context("cannot run perf")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "perf script ended with {}: {}", output.status, errors.trim());
    Ok(output.stdout)
}
