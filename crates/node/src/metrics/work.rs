//! How long events wait, how long steps take, and what each worker does.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use flotilla_model::WorkerId;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// From a step that is one command in the log to one that reads the largest file from another node, which may take an hour.
const STEP_BOUNDS_S: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0, 3600.0];
/// From an idle worker that claims at once to a backlog of an hour.
const WAIT_BOUNDS_S: [f64; 12] = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 300.0, 3600.0];

/// Both are words of the program: there are few of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabels {
    kind: &'static str,
    result: &'static str,
}

/// At most a thousand of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkerLabels {
    worker: u32,
}

/// Shared by its clones.
#[derive(Clone, Debug)]
pub(crate) struct WorkMetrics {
    steps: Family<StepLabels, Histogram, fn() -> Histogram>,
    waits: Histogram,
    worker_runs: Family<WorkerLabels, Counter>,
    worker_seconds: Family<WorkerLabels, Counter<f64, AtomicU64>>,
}

impl Default for WorkMetrics {
    fn default() -> Self {
        Self {
            steps: Family::new_with_constructor(|| Histogram::new(STEP_BOUNDS_S)),
            waits: Histogram::new(WAIT_BOUNDS_S),
            worker_runs: Family::default(),
            worker_seconds: Family::default(),
        }
    }
}

impl WorkMetrics {
    pub(crate) fn took(&self, kind: &'static str, result: &'static str, time: Duration) {
        self.steps.get_or_create(&StepLabels { kind, result }).observe(time.as_secs_f64());
    }

    pub(crate) fn waited(&self, time: Duration) {
        self.waits.observe(time.as_secs_f64());
    }

    /// A run has ended, however it did.
    pub(crate) fn worked(&self, worker: WorkerId, time: Duration) {
        let labels = WorkerLabels { worker: worker.0 };
        self.worker_runs.get_or_create(&labels).inc();
        self.worker_seconds.get_or_create(&labels).inc_by(time.as_secs_f64());
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("step_duration_seconds", "How long steps took on this node", self.steps.clone());
        registry.register("event_wait_seconds", "From publishing to the first run, on this node", self.waits.clone());
        registry.register("gmp_worker_runs", "Runs of events that a worker has ended", self.worker_runs.clone());
        let help = "Time that a worker has spent on runs that have ended";
        registry.register("gmp_worker_busy_seconds", help, self.worker_seconds.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_by_kind_result_and_worker() {
        let metrics = WorkMetrics::default();
        metrics.took("checksum", "succeeded", Duration::from_millis(2));
        metrics.clone().took("checksum", "succeeded", Duration::from_millis(20));
        metrics.took("webhook", "cut-off", Duration::from_secs(7200));
        metrics.waited(Duration::ZERO);
        metrics.worked(WorkerId(3), Duration::from_millis(1500));
        metrics.worked(WorkerId(3), Duration::from_millis(500));
        metrics.worked(WorkerId(4), Duration::ZERO);
        let mut registry = Registry::with_prefix("flotilla");
        metrics.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for line in [
            r#"flotilla_step_duration_seconds_count{kind="checksum",result="succeeded"} 2"#,
            r#"flotilla_step_duration_seconds_bucket{le="0.0025",kind="checksum",result="succeeded"} 1"#,
            r#"flotilla_step_duration_seconds_bucket{le="3600.0",kind="webhook",result="cut-off"} 0"#,
            r#"flotilla_step_duration_seconds_bucket{le="+Inf",kind="webhook",result="cut-off"} 1"#,
            "flotilla_event_wait_seconds_count 1",
            r#"flotilla_gmp_worker_runs_total{worker="3"} 2"#,
            r#"flotilla_gmp_worker_busy_seconds_total{worker="3"} 2.0"#,
            r#"flotilla_gmp_worker_runs_total{worker="4"} 1"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
