//! The processes of a server and what they have used, those that have ended among them.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use flotilla_local::wait_until;

/// USER_HZ on every Linux that runs this.
const TICKS_PER_SECOND: f64 = 100.0;
const DEADLINE: Duration = Duration::from_secs(10);

/// Process trees by their roots.
pub(super) struct Processes {
    roots: Vec<u32>,
    /// Children that are there when nobody is connected.
    resident: usize,
}

impl Processes {
    /// Call it when nobody is connected.
    pub(super) fn of(roots: Vec<u32>) -> Self {
        let mut processes = Self { roots, resident: 0 };
        processes.resident = processes.all().len();
        processes
    }

    /// User and system time, with that of children that were waited for.
    pub(super) fn cpu_s(&self) -> Result<f64> {
        self.all().into_iter().map(cpu_s).sum()
    }

    /// The same when the processes that serve a connection have ended: then their time is their parent's.
    pub(super) async fn settled_cpu_s(&self) -> Result<f64> {
        let settled = async || anyhow::Ok((self.all().len() <= self.resident).then_some(()));
        wait_until("the server's sessions have ended", DEADLINE, settled).await?;
        self.cpu_s()
    }

    fn all(&self) -> Vec<u32> {
        let mut found = self.roots.clone();
        let mut at = 0;
        while let Some(id) = found.get(at) {
            let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
            at += 1;
        }
        found
    }
}

fn cpu_s(id: u32) -> Result<f64> {
    // A session may end between being listed and being read; its parent has its time then.
    let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else { return Ok(0.0) };
    // The name of the program, in parentheses, may hold anything.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let times = fields.skip(11).take(4).map(|field| field.parse::<f64>().context("unexpected /proc/PID/stat"));
    Ok(times.sum::<Result<f64>>()? / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn children_that_have_ended_count() {
        let own = Processes::of(vec![std::process::id()]);
        let before = own.cpu_s().unwrap();
        let script = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let status = std::process::Command::new("sh").args(["-c", script]).status().unwrap();
        assert!(status.success());
        assert!(own.settled_cpu_s().await.unwrap() > before);
    }
}
