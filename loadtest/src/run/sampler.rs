//! What the nodes' processes use, second by second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use flotilla_admin::Client;
use futures::future::join_all;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::meter::process_cpu_s;
use crate::report::run::{NodeRecord, Sample};

/// One that is frozen must not hold up the others' samples.
const ASK_TIMEOUT: Duration = Duration::from_millis(500);
const NETWORK: [&str; 4] = [
    "flotilla_gateway_in_bytes_total",
    "flotilla_gateway_out_bytes_total",
    "flotilla_mesh_sent_bytes_total",
    "flotilla_mesh_received_bytes_total",
];
const MIB: f64 = (1 << 20) as f64;

/// Process ids of the nodes, in their order; none while one does not run. Whoever starts and stops them keeps it current.
pub(crate) type Processes = Arc<Mutex<Vec<Option<u32>>>>;

/// Counters of a process since it was started.
#[derive(Clone, Copy)]
struct Reading {
    process: u32,
    at: Instant,
    cpu_s: f64,
    read_bytes: f64,
    write_bytes: f64,
    /// None if the node did not say.
    network_bytes: Option<f64>,
}

/// Samples until it is told to stop.
pub(crate) async fn sample(
    processes: Processes,
    administrators: Vec<Client>,
    begun: Instant,
    mut stop: watch::Receiver<bool>,
) -> Vec<NodeRecord> {
    let count = processes.lock().len();
    let mut records: Vec<_> =
        (1..=count).map(|number| NodeRecord { name: format!("node {number}"), samples: Vec::new() }).collect();
    let mut readings: Vec<Option<Reading>> = vec![None; count];
    let mut clock = tokio::time::interval(Duration::from_secs(1));
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return records,
            _ = clock.tick() => {}
        }
        let now: Vec<_> = processes.lock().clone();
        let network = join_all(administrators.iter().map(network_bytes)).await;
        for (index, ((process, record), before)) in now.into_iter().zip(&mut records).zip(&mut readings).enumerate() {
            let at_s = begun.elapsed().as_secs_f64();
            let network_bytes = network.get(index).copied().flatten();
            let reading = process.and_then(|process| Reading::take(process, network_bytes).ok());
            let sample = reading.map_or(Sample { at_s, ..Sample::default() }, |now| now.since(before.as_ref(), at_s));
            record.samples.push(sample);
            *before = reading;
        }
    }
}

impl Reading {
    fn take(process: u32, network_bytes: Option<f64>) -> Result<Self> {
        let file = format!("/proc/{process}/io");
        let io = std::fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
        let value =
            |name: &str| io.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or(0.0);
        Ok(Self {
            process,
            at: Instant::now(),
            cpu_s: process_cpu_s(process)?,
            read_bytes: value("read_bytes:"),
            write_bytes: value("write_bytes:"),
            network_bytes,
        })
    }

    /// The first sample of a process has no rates.
    fn since(&self, before: Option<&Self>, at_s: f64) -> Sample {
        let (state, resident_mib) = state_and_memory(self.process).unwrap_or_default();
        let mut sample = Sample { at_s, is_up: !matches!(state, 'T' | 'Z'), resident_mib, ..Sample::default() };
        if let Some(before) = before.filter(|before| before.process == self.process) {
            let elapsed_s = (self.at - before.at).as_secs_f64().max(1e-3);
            let rate = |now: f64, before: f64| (now - before).max(0.0) / elapsed_s;
            sample.cpu_percent = rate(self.cpu_s, before.cpu_s) * 100.0;
            sample.disk_read_mib_s = rate(self.read_bytes, before.read_bytes) / MIB;
            let network = self.network_bytes.zip(before.network_bytes);
            sample.network_mib_s = network.map_or(0.0, |(now, before)| rate(now, before)) / MIB;
            sample.disk_write_mib_s = rate(self.write_bytes, before.write_bytes) / MIB;
        }
        sample
    }
}

/// Bytes to and from partners and other nodes since the node was started, as it counts them itself.
async fn network_bytes(client: &Client) -> Option<f64> {
    let text = tokio::time::timeout(ASK_TIMEOUT, client.metrics()).await.ok()?.ok()?;
    let counted = text.lines().filter(|line| NETWORK.iter().any(|name| line.starts_with(name)));
    Some(counted.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
}

/// `T` for stopped, as in proc(5), and resident memory in MiB.
fn state_and_memory(process: u32) -> Result<(char, f64)> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let value = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let state = value("State:").and_then(|text| text.chars().next()).context("no state")?;
    let kib: f64 = value("VmRSS:").and_then(|text| text.split(' ').next()).map_or(Ok(0.0), str::parse)?;
    Ok((state, kib / 1024.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn this_process_is_seen_and_one_that_is_not_there_is_down() {
        let processes: Processes = Arc::new(Mutex::new(vec![Some(std::process::id()), None]));
        let (stop, stopped) = watch::channel(false);
        let sampler = tokio::spawn(sample(processes, Vec::new(), Instant::now(), stopped));
        tokio::time::sleep(Duration::from_millis(1200)).await;
        stop.send(true).unwrap();
        let records = sampler.await.unwrap();
        assert_eq!(records.iter().map(|record| record.name.as_str()).collect::<Vec<_>>(), ["node 1", "node 2"]);
        assert!(records[0].samples.len() >= 2);
        assert!(records[0].samples.iter().all(|sample| sample.is_up && sample.resident_mib > 1.0));
        assert!(records[1].samples.iter().all(|sample| !sample.is_up && sample.resident_mib == 0.0));
    }
}
