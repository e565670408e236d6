//! Whether this node could do a primary's duty: looked at here, judged by the failover actor.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use flotilla_actors::gmp::PoolStatus;
use flotilla_actors::ports::{Fitness, FitnessSource};
use flotilla_actors::supervision::Observer;
use flotilla_consensus::Consensus;
use flotilla_files::DiskProbe;
use parking_lot::Mutex;

/// How often the disk is tried: a small write with a sync, which an idle node hardly feels.
const PROBE_INTERVAL: Duration = Duration::from_secs(2);

/// The latest measurements.
pub(crate) struct Health {
    consensus: Consensus,
    start: Instant,
    /// Milliseconds since `start` at which a probe began that has not come back; 0: none.
    probe_began_ms: AtomicU64,
    draining: AtomicBool,
    /// The pool of workers, once it is there; the beat that was seen last, and when.
    pool: OnceLock<Observer<PoolStatus>>,
    pool_seen: Mutex<(u64, Instant)>,
}

impl Health {
    pub(crate) fn new(consensus: Consensus) -> Arc<Self> {
        let start = Instant::now();
        Arc::new(Self {
            consensus,
            start,
            probe_began_ms: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            pool: OnceLock::new(),
            pool_seen: Mutex::new((0, start)),
        })
    }

    /// From now on the pool's signs of life are watched.
    pub(crate) fn watch(&self, pool: Observer<PoolStatus>) {
        *self.pool_seen.lock() = (0, Instant::now());
        // It is built once.
        let _ = self.pool.set(pool);
    }

    fn work_stalled_ms(&self) -> u64 {
        let Some(pool) = self.pool.get() else { return 0 };
        let beat = pool.get().beat;
        let mut seen = self.pool_seen.lock();
        if seen.0 != beat {
            *seen = (beat, Instant::now());
        }
        seen.1.elapsed().as_millis() as u64
    }

    fn elapsed_ms(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    /// From now on the node is on its way out.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Tries the disk again and again. Ends with the runtime.
    pub(crate) async fn probe(self: Arc<Self>, disk: DiskProbe) {
        let mut interval = tokio::time::interval(PROBE_INTERVAL);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            self.probe_began_ms.store(self.elapsed_ms().max(1), Ordering::Relaxed);
            match disk.measure().await {
                Ok(_) => self.probe_began_ms.store(0, Ordering::Relaxed),
                // Left as begun: a disk that refuses writes is as bad as one that does not answer.
                Err(error) => tracing::error!(%error, "the disk does not take a write"),
            }
        }
    }
}

impl FitnessSource for Health {
    fn fitness(&self) -> Fitness {
        let status = self.consensus.status();
        let began_ms = self.probe_began_ms.load(Ordering::Relaxed);
        let lag = status.committed_index.unwrap_or(0).saturating_sub(status.applied_index.unwrap_or(0));
        Fitness {
            disk_stalled_ms: if began_ms == 0 { 0 } else { self.elapsed_ms().saturating_sub(began_ms) },
            apply_lag: lag,
            draining: self.is_draining(),
            work_stalled_ms: self.work_stalled_ms(),
        }
    }
}
