//! Threads for steps that need the processor rather than the network.
//!
//! A node may run a thousand steps at once on two cores. If each of them computed on the shared runtime, heartbeats and
//! the log would wait behind a thousand pieces of work. So computing happens here: on one thread less than there are
//! cores, at a lower priority of the operating system, piece by piece, so that long jobs take turns.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender, bounded};
use rustix::process::{getpriority_process, setpriority_process};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Under load such a thread gets about a tenth of what one of the runtime gets (sched(7): each step of niceness is a
/// factor of 1.25).
pub(super) const NICENESS: i32 = 10;
/// Pieces that lie ready for each thread, so that it need not wait for its next one. Whoever has more waits, in order.
const READY_FOR_EACH: usize = 2;

type Job = Box<dyn FnOnce() + Send>;
type Panic = Box<dyn Any + Send>;

/// A bounded number of threads. They end when the last handle is dropped.
#[derive(Clone)]
pub(crate) struct CpuPool {
    jobs: Sender<Job>,
    /// As many permits as `jobs` has places, given back when a piece is begun.
    room: Arc<Semaphore>,
}

impl CpuPool {
    /// One thread less than the machine has cores, but one at least.
    pub(crate) fn for_this_machine() -> io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::start(cores.saturating_sub(1).max(1))
    }

    pub(crate) fn start(threads: usize) -> io::Result<Self> {
        let places = threads * READY_FOR_EACH;
        let (jobs, waiting) = bounded::<Job>(places);
        for number in 0..threads {
            let waiting = waiting.clone();
            std::thread::Builder::new().name(format!("cpu-{number}")).spawn(move || run(&waiting))?;
        }
        Ok(Self { jobs, room: Arc::new(Semaphore::new(places)) })
    }

    /// Computes one piece, which should take no more than some milliseconds. A panic in it is the caller's.
    pub(crate) async fn run<T: Send + 'static>(&self, piece: impl FnOnce() -> T + Send + 'static) -> T {
        let Ok(room) = Arc::clone(&self.room).acquire_owned().await else {
            unreachable!("the semaphore is never closed");
        };
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move || compute(piece, room, answer));
        if self.jobs.try_send(job).is_err() {
            unreachable!("each permit is a place, and threads live as long as a handle does");
        }
        match answered.await {
            Ok(Ok(value)) => value,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_dropped) => unreachable!("a job answers unless nobody listens"),
        }
    }
}

fn compute<T>(piece: impl FnOnce() -> T, room: OwnedSemaphorePermit, answer: oneshot::Sender<Result<T, Panic>>) {
    drop(room);
    // The step was cancelled meanwhile.
    if !answer.is_closed() {
        let _ = answer.send(catch_unwind(AssertUnwindSafe(piece)));
    }
}

fn run(waiting: &Receiver<Job>) {
    // On Linux the priority is a thread's own, and a thread's id stands for a process's here.
    let own = Some(rustix::thread::gettid());
    let lowered = getpriority_process(own).and_then(|usual| setpriority_process(own, usual + NICENESS));
    if let Err(error) = lowered {
        tracing::warn!(%error, "computing goes on at the usual priority");
    }
    for job in waiting {
        job();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use ring::digest::{SHA256, digest};
    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_the_callers_and_the_thread_goes_on() {
        let pool = CpuPool::start(1).unwrap();
        let panicked = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(|| panic!("told to")).await }
        });
        assert!(panicked.await.unwrap_err().is_panic());
        assert_eq!(pool.run(|| 7).await, 7);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_not_computed() {
        let pool = CpuPool::start(1).unwrap();
        let (let_go, blocked) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(move || _ = blocked.recv()).await }
        });
        let computed = Arc::new(AtomicUsize::new(0));
        let count = |computed: Arc<AtomicUsize>| move || computed.fetch_add(1, Ordering::SeqCst);
        {
            let cancelled = pool.run(count(Arc::clone(&computed)));
            tokio::pin!(cancelled);
            assert!(futures::poll!(&mut cancelled).is_pending());
        }
        drop(let_go);
        first.await.unwrap();
        pool.run(count(Arc::clone(&computed))).await;
        assert_eq!(computed.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn its_threads_have_a_lower_priority() {
        let pool = CpuPool::start(1).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let nice = || getpriority_process(Some(rustix::thread::gettid())).unwrap();
        let before = nice();
        // 19 is the lowest there is.
        assert_eq!(runtime.block_on(pool.run(nice)), (before + NICENESS).min(19));
        assert_eq!(nice(), before, "of this thread");
    }

    const STEPS: usize = 1000;
    const PIECE_BYTES: usize = 512 << 10;
    const PIECES: usize = 2;
    const TICK: Duration = Duration::from_millis(100);

    /// Runs many hashing steps at once, and says how late a heartbeat was at worst meanwhile and how many computed at once.
    async fn lateness(pool: Option<CpuPool>) -> (Duration, usize, Duration) {
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let piece = Arc::new(vec![7u8; PIECE_BYTES]);
        let begun = Instant::now();
        let mut steps = JoinSet::new();
        for _ in 0..STEPS {
            let (pool, piece) = (pool.clone(), Arc::clone(&piece));
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            steps.spawn(async move {
                for _ in 0..PIECES {
                    let (piece, running, most) = (Arc::clone(&piece), Arc::clone(&running), Arc::clone(&most));
                    let hash = move || {
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        digest(&SHA256, &piece);
                        running.fetch_sub(1, Ordering::SeqCst);
                    };
                    match &pool {
                        Some(pool) => pool.run(hash).await,
                        None => hash(),
                    }
                    // As a step does that waits for its next piece from the disk.
                    tokio::task::yield_now().await;
                }
            });
        }
        let worst_us = Arc::new(AtomicU64::new(0));
        let noted = Arc::clone(&worst_us);
        let heartbeat = tokio::spawn(async move {
            loop {
                let due = Instant::now() + TICK;
                tokio::time::sleep(TICK).await;
                noted.fetch_max(due.elapsed().as_micros() as u64, Ordering::SeqCst);
            }
        });
        while steps.join_next().await.is_some() {}
        let took = begun.elapsed();
        heartbeat.abort();
        let worst = Duration::from_micros(worst_us.load(Ordering::SeqCst));
        (worst, most.load(Ordering::SeqCst), took)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_thousand_hashing_steps_leave_the_runtime_to_heartbeats() {
        const THREADS: usize = 1;
        let (bare, _, bare_took) = lateness(None).await;
        let (pooled, most, took) = lateness(Some(CpuPool::start(THREADS).unwrap())).await;
        println!(
            "a heartbeat each {TICK:?} beside {STEPS} hashing steps: {bare:?} late at worst without the pool ({bare_took:?} \
             in all), {pooled:?} with it ({took:?})"
        );
        assert!(most <= THREADS, "{most} computed at once on {THREADS} threads");
    }
}
