//! Who used the processors during a measurement: the nodes, this program, and everybody else.

use anyhow::{Context, Result, ensure};

/// USER_HZ on every Linux that runs this.
const TICKS_PER_SECOND: f64 = 100.0;

pub(crate) struct Meter {
    nodes: Vec<u32>,
    nodes_s: f64,
    client_s: f64,
    machine: Machine,
}

/// Processor time from one moment to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Of all nodes together.
    pub(crate) nodes_s: f64,
    /// Of this program.
    pub(crate) client_s: f64,
    /// Share of the machine that is neither; above a few percent, the figure is not to be trusted.
    pub(crate) others_percent: f64,
}

/// The whole machine since it was started.
struct Machine {
    all_s: f64,
    busy_s: f64,
}

impl Usage {
    /// Microseconds of processor time of all nodes for each of `count` events.
    pub(crate) fn nodes_us_each(&self, count: u64) -> f64 {
        self.nodes_s * 1e6 / count as f64
    }

    /// The same of this program.
    pub(crate) fn client_us_each(&self, count: u64) -> f64 {
        self.client_s * 1e6 / count as f64
    }
}

impl Meter {
    /// `nodes` are their process ids.
    pub(crate) fn start(nodes: Vec<u32>) -> Result<Self> {
        let client_s = process_cpu_s(std::process::id())?;
        Ok(Self { nodes_s: sum(&nodes)?, nodes, client_s, machine: Machine::read()? })
    }

    pub(crate) fn stop(self) -> Result<Usage> {
        let machine = Machine::read()?;
        let nodes_s = sum(&self.nodes)? - self.nodes_s;
        let client_s = process_cpu_s(std::process::id())? - self.client_s;
        let all_s = (machine.all_s - self.machine.all_s).max(1.0 / TICKS_PER_SECOND);
        let others_s = machine.busy_s - self.machine.busy_s - nodes_s - client_s;
        // The sums are of whole ticks: a quiet machine comes out slightly below nothing.
        let others_percent = (others_s / all_s * 100.0).max(0.0);
        Ok(Usage { nodes_s, client_s, others_percent })
    }
}

fn sum(processes: &[u32]) -> Result<f64> {
    processes.iter().map(|id| process_cpu_s(*id)).sum()
}

/// User and system time of a process with all its threads.
pub(crate) fn process_cpu_s(id: u32) -> Result<f64> {
    let file = format!("/proc/{id}/stat");
    let stat = std::fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
    // The name of the program, in parentheses, may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    ensure!(fields.len() > 13, "unexpected {file}");
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / TICKS_PER_SECOND)
}

impl Machine {
    fn read() -> Result<Self> {
        let stat = std::fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
        let line = stat.lines().next().context("unexpected /proc/stat")?;
        // user nice system idle iowait irq softirq steal; guest time is within user's.
        let fields: Vec<f64> = line.split_whitespace().skip(1).take(8).map(str::parse).collect::<Result<_, _>>()?;
        ensure!(fields.len() == 8, "unexpected /proc/stat");
        let all: f64 = fields.iter().sum();
        Ok(Self { all_s: all / TICKS_PER_SECOND, busy_s: (all - fields[3] - fields[4]) / TICKS_PER_SECOND })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_can_be_read() {
        let (first, begun) = (Machine::read().unwrap(), process_cpu_s(std::process::id()).unwrap());
        let second = Machine::read().unwrap();
        assert!(second.all_s >= first.all_s && second.busy_s <= second.all_s);
        assert!(process_cpu_s(std::process::id()).unwrap() >= begun);
        assert!(process_cpu_s(u32::MAX).is_err());
    }
}
