//! How well the pool keeps its workers busy: figures are printed, only what must always hold is asserted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use flotilla_model::{NodeId, SessionId, WorkEnd, WorkItem, WorkerId};
use parking_lot::Mutex;

use super::bench::THREADS;
use crate::gmp::{Gmp, GmpPorts, PoolConfig};
use crate::ports::{Progress, RaftStatus, StepRunner, SystemClock, WorkOutcome};
use crate::supervision::Supervisor;
use crate::testing::{Cluster, FakeCpu, FakeLog, FakeRaft, within};

/// A step that waits for something outside.
struct Waiting {
    for_how_long: Duration,
    running: Mutex<(u32, u32)>,
}

#[async_trait]
impl StepRunner for Waiting {
    async fn run(&self, _: Arc<WorkItem>, _: WorkerId, progress: Progress) -> WorkOutcome {
        {
            let mut running = self.running.lock();
            running.0 += 1;
            running.1 = running.1.max(running.0);
        }
        progress.begin(0, true, Duration::from_secs(60));
        // Not in place of a condition: the step is nothing but this time.
        tokio::time::sleep(self.for_how_long).await;
        self.running.lock().0 -= 1;
        WorkOutcome { steps: Vec::new(), end: WorkEnd::Done }
    }
}

async fn measure(workers: u32, events: u64, step: Duration, log_latency: Duration) {
    let mut cluster = Cluster::new(1);
    cluster.unchecked = true;
    cluster.set(THREADS, Some(&workers.to_string()));
    let supervisor = Supervisor::new(tokio::runtime::Handle::current());
    let log = Arc::new(FakeLog::new(cluster));
    *log.latency.lock() = log_latency;
    let runner = Arc::new(Waiting { for_how_long: step, running: Mutex::default() });
    let ports = GmpPorts {
        log: log.clone(),
        raft: Arc::new(FakeRaft::new(RaftStatus::default())),
        runner: runner.clone(),
        clock: Arc::new(SystemClock::default()),
        cpu: Arc::new(FakeCpu::default()),
    };
    let config = PoolConfig { node: NodeId(1), session: SessionId(1000), steal_after_ms: 20 };
    let gmp = Gmp::start(&supervisor, ports, config, 2).unwrap();
    within(gmp.status().wait_for(|status| status.workers == workers)).await;
    let begun = Instant::now();
    log.change(|cluster| (0..events).for_each(|_| _ = cluster.upload(1, 10)));
    within(log.wait_for(|view| view.state.totals().events_completed == events)).await;
    let rate = events as f64 / begun.elapsed().as_secs_f64();
    let proposals = log.proposed.lock().len();
    let most = runner.running.lock().1;
    let ideal = f64::from(workers) / step.as_secs_f64();
    println!(
        "{workers} workers, steps of {step:?}, a log of {log_latency:?}: {rate:.0} events/s, {:.3} of the ideal, \
         {:.1} events a proposal",
        rate / ideal,
        events as f64 / proposals as f64
    );
    assert!(most <= workers, "{most} ran at once");
    within(gmp.stop(Duration::from_secs(10))).await.unwrap();
    within(supervisor.shutdown()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_wait_for_something_outside_are_kept_busy() {
    for workers in [4, 32, 128] {
        measure(workers, u64::from(workers) * 20, Duration::from_millis(50), Duration::from_millis(8)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_that_take_no_time_cost_little() {
    measure(32, 10_000, Duration::from_micros(1), Duration::from_millis(5)).await;
}
