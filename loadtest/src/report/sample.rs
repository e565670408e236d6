//! Runs for tests.

use super::run::{
    Check, Counts, Interval, Latency, LoadRecord, Machine, Mark, NodeRecord, Quantile, Run, Sample, VERSION,
};

/// A minute of uploads and events, of which the first ten seconds warm up and in whose middle a node is killed.
pub(super) fn run() -> Run {
    Run {
        version: VERSION,
        scenario: "steady".to_owned(),
        description: "Uploads and events at a fixed rate; the primary is killed".to_owned(),
        started_at: "2026-01-02T03:04:05Z".to_owned(),
        seed: 7,
        program: "0.1.0".to_owned(),
        machine: Machine { processors: 8, memory_mib: 32_768, kernel: "6.1.0".to_owned() },
        warm_up_s: 10.0,
        duration_s: 60.0,
        drain_s: Some(4.0),
        loads: vec![load("uploads", "upload", 100, 16_000), load("events", "event", 5_000, 1_000)],
        nodes: (1..=3).map(node).collect(),
        marks: vec![
            Mark { at_s: 30.0, until_s: Some(35.0), text: "kill -9 node 1 (the primary)".to_owned() },
            Mark { at_s: 45.0, until_s: None, text: "primary handover".to_owned() },
        ],
        checks: vec![
            Check {
                name: "every acknowledged file is there".to_owned(),
                passed: true,
                detail: "5,000 files".to_owned(),
            },
            Check {
                name: "every event was worked off once".to_owned(),
                passed: true,
                detail: "250,000 events".to_owned(),
            },
        ],
    }
}

/// One in which nothing happened, in no time.
pub(super) fn empty() -> Run {
    Run {
        warm_up_s: 0.0,
        duration_s: 0.0,
        drain_s: None,
        loads: Vec::new(),
        nodes: Vec::new(),
        marks: Vec::new(),
        checks: Vec::new(),
        ..run()
    }
}

/// No second is recorded from 31 to 33, since nothing ended then.
fn load(name: &str, kind: &str, per_second: u64, size: u64) -> LoadRecord {
    let interval = |second: u32| Interval {
        at_s: f64::from(second),
        acknowledged: per_second,
        failed: if second == 30 { 3 } else { 0 },
        bytes: per_second * size,
        p50_ms: 4.0,
        p99_ms: 12.0,
        max_ms: 30.0,
    };
    let quantile = |(quantile, latency_ms)| Quantile { quantile, latency_ms };
    LoadRecord {
        name: name.to_owned(),
        kind: kind.to_owned(),
        totals: Counts {
            acknowledged: per_second * 47,
            refused: 1,
            unknown: 2,
            not_begun: 4,
            repeated: 5,
            bytes: per_second * size * 47,
        },
        latency: Some(Latency {
            mean_ms: 5.0,
            p50_ms: 4.0,
            p90_ms: 8.0,
            p99_ms: 12.0,
            p99_9_ms: 25.0,
            max_ms: 3_210.0,
        }),
        longest_gap_ms: 3_150.0,
        distribution: [(0.5, 4.0), (0.9, 8.0), (0.99, 12.0), (0.999, 25.0), (1.0, 3_210.0)].map(quantile).into(),
        intervals: (0..60).filter(|second| !(31..34).contains(second)).map(interval).collect(),
    }
}

/// Node 1 is down from 31 to 35.
fn node(number: u32) -> NodeRecord {
    let sample = |second: u32| Sample {
        at_s: f64::from(second),
        is_up: number != 1 || !(31..=35).contains(&second),
        cpu_percent: 100.0,
        resident_mib: 200.0,
        disk_read_mib_s: 0.5,
        disk_write_mib_s: 12.0,
        network_mib_s: 24.0,
    };
    NodeRecord { name: format!("node {number}"), samples: (1..=60).map(sample).collect() }
}
