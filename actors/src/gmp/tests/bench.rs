//! A pool with real actors, a fake log and fake steps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use flotilla_model::{EventId, EventState, NodeId, SessionId, StepReport, StepResult, WorkEnd, WorkItem, WorkerId};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::gmp::{Gmp, GmpPorts, PoolConfig};
use crate::ports::{Progress, RaftStatus, StepRunner, SystemClock, WorkOutcome};
use crate::supervision::Supervisor;
use crate::testing::{Cluster, FakeCpu, FakeLog, FakeRaft, within};

pub(super) const THREADS: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads";

pub(super) const THREADS_MIN: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.minThreads";
pub(super) const SIZING: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.sizing";

/// What the next run does before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    Panic,
    /// Never returns. Its step has a time-out of 20 ms, where others have a minute.
    Hang,
    /// The same, and does not even give its thread back, until the test lets it.
    Block,
    /// Leaves something running.
    Leak,
}

/// Does what the test says.
pub(super) struct FakeRunner {
    /// One permit for each run that may go on.
    pub(super) gate: Semaphore,
    pub(super) runs: Mutex<Vec<EventId>>,
    pub(super) next: Mutex<Option<Mishap>>,
    /// A step that keeps its thread does so until the other end is dropped.
    pub(super) blocked: Mutex<Option<std::sync::mpsc::Receiver<()>>>,
    pub(super) idempotent: AtomicBool,
}

impl Default for FakeRunner {
    fn default() -> Self {
        Self {
            gate: Semaphore::new(0),
            runs: Mutex::default(),
            next: Mutex::default(),
            blocked: Mutex::default(),
            idempotent: AtomicBool::new(true),
        }
    }
}

#[async_trait]
impl StepRunner for FakeRunner {
    async fn run(&self, work: Arc<WorkItem>, worker: WorkerId, progress: Progress) -> WorkOutcome {
        self.runs.lock().push(work.event.id);
        let mishap = self.next.lock().take();
        let hangs = matches!(mishap, Some(Mishap::Hang | Mishap::Block));
        let timeout = if hangs { Duration::from_millis(20) } else { Duration::from_secs(60) };
        progress.begin(0, self.idempotent.load(Ordering::SeqCst), timeout);
        match mishap {
            Some(Mishap::Panic) => panic!("the step was told to panic"),
            Some(Mishap::Hang) => std::future::pending::<()>().await,
            Some(Mishap::Block) => drop(self.blocked.lock().take().map(|blocked| blocked.recv())),
            Some(Mishap::Leak) => progress.leaked("two processes".to_owned()),
            None => {}
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

pub(super) struct Bench {
    pub(super) supervisor: Supervisor,
    pub(super) log: Arc<FakeLog>,
    pub(super) runner: Arc<FakeRunner>,
    pub(super) cpu: Arc<FakeCpu>,
    pub(super) gmp: Gmp,
}

impl Bench {
    pub(super) fn start(workers: u32, prepare: impl FnOnce(&mut Cluster)) -> Self {
        let mut cluster = Cluster::new(2);
        cluster.set(THREADS, Some(&workers.to_string()));
        cluster.set("EventQueue.retryDelayInterval", Some("0"));
        prepare(&mut cluster);
        let supervisor = Supervisor::new(tokio::runtime::Handle::current());
        let (log, runner) = (Arc::new(FakeLog::new(cluster)), Arc::new(FakeRunner::default()));
        let cpu = Arc::new(FakeCpu::default());
        let ports = GmpPorts {
            log: log.clone(),
            raft: Arc::new(FakeRaft::new(RaftStatus::default())),
            runner: runner.clone(),
            clock: Arc::new(SystemClock::default()),
            cpu: cpu.clone(),
        };
        let config = PoolConfig { node: NodeId(1), session: SessionId(1000), steal_after_ms: 20 };
        let gmp = Gmp::start(&supervisor, ports, config, 2).unwrap();
        Self { supervisor, log, runner, cpu, gmp }
    }

    pub(super) async fn end(self) {
        within(self.gmp.stop(Duration::from_secs(10))).await.unwrap();
        within(self.supervisor.shutdown()).await.unwrap();
    }

    pub(super) async fn completed(&self, count: u64) {
        within(self.log.wait_for(|view| view.state.totals().events_completed == count)).await;
    }

    /// Waits until an event is in such a state.
    pub(super) async fn event_is(&self, event: EventId, is_so: impl Fn(&EventState) -> bool) {
        within(self.log.wait_for(|view| view.state.events.get(&event).is_some_and(|row| is_so(&row.state)))).await;
    }

    /// Failures of workers as the supervisor counts them.
    pub(super) fn worker_failures(&self) -> u64 {
        let statuses = self.supervisor.registry().statuses();
        let workers = statuses.iter().filter(|actor| actor.name.starts_with("gmp-worker"));
        workers.map(|actor| actor.restarts).sum()
    }
}
