//! The pool with its workers: real actors, a fake log, fake steps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use flotilla_model::{
    EventId, EventState, NodeId, SessionId, Step, StepReport, StepResult, TransferState, WorkEnd, WorkItem, WorkerId,
};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::gmp::{Gmp, GmpPorts, PoolConfig};
use crate::ports::{Progress, RaftStatus, ReplicatedLog, StepRunner, SystemClock, WorkOutcome};
use crate::supervision::Supervisor;
use crate::testing::{Cluster, FakeLog, FakeRaft, Trouble, within};

const THREADS: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads";

/// Does what the test says.
struct FakeRunner {
    /// One permit for each run that may go on.
    gate: Semaphore,
    runs: Mutex<Vec<EventId>>,
    panic_next: AtomicBool,
    hang_next: AtomicBool,
    idempotent: AtomicBool,
    step_timeout: Mutex<Duration>,
}

impl Default for FakeRunner {
    fn default() -> Self {
        Self {
            gate: Semaphore::new(0),
            runs: Mutex::default(),
            panic_next: AtomicBool::new(false),
            hang_next: AtomicBool::new(false),
            idempotent: AtomicBool::new(true),
            step_timeout: Mutex::new(Duration::from_secs(60)),
        }
    }
}

#[async_trait]
impl StepRunner for FakeRunner {
    async fn run(&self, work: Arc<WorkItem>, worker: WorkerId, progress: Progress) -> WorkOutcome {
        self.runs.lock().push(work.event.id);
        progress.begin(0, self.idempotent.load(Ordering::SeqCst), *self.step_timeout.lock());
        assert!(!self.panic_next.swap(false, Ordering::SeqCst), "the step was told to panic");
        if self.hang_next.swap(false, Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        self.gate.acquire().await.unwrap().forget();
        progress.end(StepReport {
            step: 0,
            kind: "checksum".to_owned(),
            attempt: work.lease.attempt,
            node: work.lease.node,
            worker,
            started_ms: 0,
            duration_us: 1,
            result: StepResult::Succeeded { detail: String::new() },
        });
        WorkOutcome { steps: progress.ended(), end: WorkEnd::Done }
    }
}

struct Bench {
    supervisor: Supervisor,
    log: Arc<FakeLog>,
    runner: Arc<FakeRunner>,
    gmp: Gmp,
}

impl Bench {
    fn start(workers: u32, prepare: impl FnOnce(&mut Cluster)) -> Self {
        let mut cluster = Cluster::new(2);
        cluster.set(THREADS, Some(&workers.to_string()));
        cluster.set("EventQueue.retryDelayInterval", Some("0"));
        prepare(&mut cluster);
        let supervisor = Supervisor::new(tokio::runtime::Handle::current());
        let (log, runner) = (Arc::new(FakeLog::new(cluster)), Arc::new(FakeRunner::default()));
        let ports = GmpPorts {
            log: log.clone(),
            raft: Arc::new(FakeRaft::new(RaftStatus::default())),
            runner: runner.clone(),
            clock: Arc::new(SystemClock::default()),
        };
        let config = PoolConfig { node: NodeId(1), session: SessionId(1000), steal_after_ms: 20 };
        let gmp = Gmp::start(&supervisor, ports, config, 2).unwrap();
        Self { supervisor, log, runner, gmp }
    }

    async fn end(self) {
        within(self.gmp.stop(Duration::from_secs(10))).await.unwrap();
        within(self.supervisor.shutdown()).await.unwrap();
    }

    async fn completed(&self, count: u64) {
        within(self.log.wait_for(|view| view.state.totals().events_completed == count)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_run_and_recorded() {
    let bench = Bench::start(4, |_| {});
    bench.runner.gate.add_permits(1000);
    for node in [1, 2, 1, 2, 1] {
        bench.log.change(|cluster| cluster.upload(node, 10));
    }
    bench.completed(5).await;
    let status = within(bench.gmp.status().wait_for(|status| status.totals.completed == 5)).await;
    assert_eq!((status.workers, status.target, status.totals.claimed), (4, 4, 5));
    let view = within(bench.log.wait_for(|_| true)).await;
    for transfer in view.state.transfers.values() {
        assert_eq!(transfer.state, TransferState::Processed);
        assert_eq!(transfer.steps.len(), 1);
        assert_eq!(transfer.worker.unwrap().0, NodeId(1));
    }
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_events_need_few_proposals() {
    const EVENTS: u64 = 5000;
    let bench = Bench::start(16, |cluster| cluster.unchecked = true);
    bench.runner.gate.add_permits(EVENTS as usize);
    bench.log.change(|cluster| (0..EVENTS).for_each(|_| _ = cluster.upload(1, 10)));
    bench.completed(EVENTS).await;
    let proposals = bench.log.proposed.lock().len() as u64;
    assert!(proposals < EVENTS / 4, "{proposals} proposals for {EVENTS} events: nothing is batched");
    let mut runs = bench.runner.runs.lock().clone();
    runs.sort_unstable();
    runs.dedup();
    assert_eq!(runs.len() as u64, EVENTS, "each ran");
    assert_eq!(bench.runner.runs.lock().len() as u64, EVENTS, "each ran once");
    bench.log.view().state.check_invariants().unwrap();
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pool_grows_and_shrinks_live() {
    let bench = Bench::start(1, |_| {});
    bench.log.change(|cluster| (0..40).for_each(|_| _ = cluster.upload(1, 10)));
    within(bench.gmp.status().wait_for(|status| status.busy == 1)).await;
    bench.log.change(|cluster| cluster.set(THREADS, Some("20")));
    within(bench.gmp.status().wait_for(|status| status.workers == 20 && status.busy == 20)).await;
    bench.log.change(|cluster| cluster.set(THREADS, Some("2")));
    let status = within(bench.gmp.status().wait_for(|status| status.target == 2)).await;
    assert_eq!((status.workers, status.retiring, status.busy), (20, 18, 20), "nobody leaves in the middle of an event");
    bench.runner.gate.add_permits(1000);
    within(bench.gmp.status().wait_for(|status| status.workers == 2 && status.retiring == 0)).await;
    bench.completed(40).await;
    assert_eq!(bench.runner.runs.lock().len(), 40, "shrinking repeated nothing");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_of_a_step_is_a_failed_attempt_and_the_event_is_tried_again() {
    let bench = Bench::start(2, |_| {});
    bench.runner.panic_next.store(true, Ordering::SeqCst);
    bench.runner.gate.add_permits(1000);
    let event = bench.log.change(|cluster| cluster.upload(1, 10));
    within(bench.log.wait_for(|view| {
        view.state.events.get(&event).is_some_and(|event| matches!(event.state, EventState::Waiting { .. }))
    }))
    .await;
    let status = within(bench.gmp.status().wait_for(|status| status.totals.failed == 1)).await;
    assert_eq!(status.panics, 1);
    let workers: u64 = bench
        .supervisor
        .registry()
        .statuses()
        .iter()
        .filter(|actor| actor.name.starts_with("gmp-worker"))
        .map(|actor| actor.panics)
        .sum();
    assert_eq!(workers, 1, "the worker's panic is counted");
    bench.log.change(|cluster| cluster.apply(flotilla_model::Command::Tick { now_ms: u64::MAX / 2 }).unwrap());
    bench.completed(1).await;
    let view = bench.log.wait_for(|_| true).await;
    let steps = &view.state.transfers.values().next().unwrap().steps;
    assert!(
        matches!(&steps[0].result, StepResult::Failed { message } if message.contains("told to panic")),
        "{steps:?}"
    );
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_a_step_that_must_not_be_repeated_waits_for_a_person() {
    let bench = Bench::start(2, |cluster| {
        let url = "https://partner.example".to_owned();
        cluster.route(vec![Step::Webhook { url, key: None, timeout_ms: 1000, idempotent: false }]);
    });
    bench.runner.idempotent.store(false, Ordering::SeqCst);
    bench.runner.panic_next.store(true, Ordering::SeqCst);
    let event = bench.log.change(|cluster| cluster.upload(1, 10));
    within(bench.log.wait_for(|view| {
        view.state
            .events
            .get(&event)
            .is_some_and(|event| matches!(event.state, EventState::OutcomeUnknown { step: 0, .. }))
    }))
    .await;
    assert_eq!(bench.runner.runs.lock().len(), 1);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_hangs_is_cancelled_and_the_worker_goes_on() {
    let bench = Bench::start(1, |_| {});
    *bench.runner.step_timeout.lock() = Duration::from_millis(20);
    bench.runner.hang_next.store(true, Ordering::SeqCst);
    bench.runner.gate.add_permits(1000);
    bench.log.change(|cluster| {
        cluster.upload(1, 10);
        cluster.upload(1, 10);
    });
    bench.completed(1).await;
    let status = within(bench.gmp.status().wait_for(|status| status.totals.failed == 1)).await;
    assert_eq!((status.hung, status.panics, status.workers), (1, 0, 1));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_survive_a_log_that_refuses_and_one_that_loses_answers() {
    let bench = Bench::start(2, |_| {});
    bench.log.change(|cluster| (0..4).for_each(|_| _ = cluster.upload(1, 10)));
    within(bench.gmp.status().wait_for(|status| status.busy == 2)).await;
    bench.log.make_trouble(&[Trouble::Refused, Trouble::AnswerLost, Trouble::Refused]);
    bench.runner.gate.add_permits(1000);
    bench.completed(4).await;
    assert_eq!(bench.runner.runs.lock().len(), 4, "no event ran twice");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn losing_the_session_stops_the_work() {
    let bench = Bench::start(2, |_| {});
    bench.log.change(|cluster| cluster.upload(1, 10));
    within(bench.gmp.status().wait_for(|status| status.busy == 1)).await;
    bench.log.change(|cluster| cluster.lose(1));
    within(bench.gmp.status().wait_for(|status| status.busy == 0)).await;
    assert_eq!(bench.log.view().state.totals().events_completed, 0);
    // The process announces itself again: the event comes back with a higher attempt.
    bench.runner.gate.add_permits(1000);
    bench.log.change(|cluster| cluster.start(1, SessionId(1000)));
    bench.completed(1).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_lets_workers_end_and_gives_the_rest_back() {
    let bench = Bench::start(1, |_| {});
    bench.log.change(|cluster| (0..3).for_each(|_| _ = cluster.upload(1, 10)));
    within(bench.gmp.status().wait_for(|status| status.busy == 1)).await;
    let stopping = {
        let gmp = bench.gmp.clone();
        tokio::spawn(async move { gmp.stop(Duration::from_secs(10)).await })
    };
    within(bench.gmp.status().wait_for(|status| !status.claiming)).await;
    bench.runner.gate.add_permits(1);
    within(stopping).await.unwrap().unwrap();
    let view = bench.log.wait_for(|_| true).await;
    assert_eq!(view.state.totals().events_completed, 1);
    assert_eq!(view.state.ready_count(), 2, "nothing stays leased");
    within(bench.supervisor.shutdown()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pool_itself_may_be_restarted() {
    let bench = Bench::start(2, |_| {});
    bench.log.change(|cluster| (0..6).for_each(|_| _ = cluster.upload(1, 10)));
    within(bench.gmp.status().wait_for(|status| status.busy == 2)).await;
    bench.supervisor.registry().restart("gmp-pool").unwrap();
    bench.runner.gate.add_permits(1000);
    bench.completed(6).await;
    assert_eq!(bench.runner.runs.lock().len(), 6, "no event ran twice");
    bench.end().await;
}
