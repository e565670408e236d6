//! What a run has shown: written as `run.json`, read by every report.

use serde::{Deserialize, Serialize};

/// Raised when a reader of an older version would misunderstand.
pub(crate) const VERSION: u32 = 1;

/// One run of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) version: u32,
    pub(crate) scenario: String,
    pub(crate) description: String,
    /// RFC 3339, UTC.
    pub(crate) started_at: String,
    pub(crate) seed: u64,
    /// Version of the program under test.
    pub(crate) program: String,
    pub(crate) machine: Machine,
    /// Times of the run count from its first operation. What begins before this is in no total and no percentile.
    pub(crate) warm_up_s: f64,
    /// Until the last operation was issued.
    pub(crate) duration_s: f64,
    /// From then until the cluster had worked off all events; none if they were not waited for, or in vain.
    pub(crate) drain_s: Option<f64>,
    pub(crate) loads: Vec<LoadRecord>,
    /// Empty for a cluster that the harness did not start.
    pub(crate) nodes: Vec<NodeRecord>,
    /// Faults and changes, in the order of their times.
    pub(crate) marks: Vec<Mark>,
    /// What was verified. One that has failed fails the run.
    pub(crate) checks: Vec<Check>,
}

/// Where the harness ran; its own cluster, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processors: u64,
    pub(crate) memory_mib: u64,
    pub(crate) kernel: String,
}

/// One source of load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LoadRecord {
    pub(crate) name: String,
    /// `upload`, `download`, `event` or `parameter`.
    pub(crate) kind: String,
    /// After the warm-up.
    pub(crate) totals: Counts,
    /// Of acknowledged operations, from the moment at which each was due, so that one that had to wait counts its waiting
    /// (no coordinated omission). None if there was none.
    pub(crate) latency: Option<Latency>,
    /// Longest time between two acknowledgements.
    #[serde(default)]
    pub(crate) longest_gap_ms: f64,
    /// Percentiles of the latencies, rising.
    pub(crate) distribution: Vec<Quantile>,
    /// A second each, the warm-up too, in the order of time. One in which nothing ended may be missing.
    pub(crate) intervals: Vec<Interval>,
}

/// How operations ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) acknowledged: u64,
    /// With an answer that says no, for good: nothing was changed.
    pub(crate) refused: u64,
    /// Given up without knowing what became of them.
    pub(crate) unknown: u64,
    /// Never begun, since too many were under way.
    pub(crate) not_begun: u64,
    /// Tries that were answered by "not now", or by nothing, and made again.
    pub(crate) repeated: u64,
    /// Of contents or data of acknowledged operations.
    pub(crate) bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) mean_ms: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p90_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p99_9_ms: f64,
    pub(crate) max_ms: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Quantile {
    /// 0 to 1.
    pub(crate) quantile: f64,
    pub(crate) latency_ms: f64,
}

/// What ended within one second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Interval {
    /// Its beginning.
    pub(crate) at_s: f64,
    pub(crate) acknowledged: u64,
    /// Refused or unknown.
    pub(crate) failed: u64,
    pub(crate) bytes: u64,
    /// Of those acknowledged; 0 if there was none.
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}

/// What one node's process used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NodeRecord {
    /// Such as `node 1`.
    pub(crate) name: String,
    /// One each second.
    pub(crate) samples: Vec<Sample>,
}

/// Over the time since the sample before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) at_s: f64,
    /// Its process was there, and not stopped.
    pub(crate) is_up: bool,
    /// Of one processor: 200 when it keeps two busy.
    pub(crate) cpu_percent: f64,
    pub(crate) resident_mib: f64,
    pub(crate) disk_read_mib_s: f64,
    pub(crate) disk_write_mib_s: f64,
    /// To and from partners, and over its connections to other nodes; those that others have made to it are theirs.
    pub(crate) network_mib_s: f64,
}

/// Something that was done to the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) at_s: f64,
    /// When it was over, if it lasted.
    pub(crate) until_s: Option<f64>,
    /// Such as `kill -9 node 1 (the primary)`.
    pub(crate) text: String,
}

/// Something that must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Check {
    /// Such as `every acknowledged file is there`.
    pub(crate) name: String,
    pub(crate) passed: bool,
    /// What was counted, and what is wrong.
    pub(crate) detail: String,
}

impl Run {
    /// Whether all checks have passed.
    pub(crate) fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }
}
