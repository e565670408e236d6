//! Starting, watching and stopping a node's pool.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::core::{PoolConfig, PoolCore};
use super::floor::Floor;
use super::pool::{Pool, Premises};
use super::status::PoolStatus;
use super::worker::Tools;
use crate::ports::{Clock, CpuLoad, RaftControl, ReplicatedLog, StepRunner};
use crate::supervision::{ActorHandle, Observer, Policy, Published, SpawnError, StopError, Supervisor};

/// Renewals, retries and late steals are looked after this often when nothing else happens.
const TICK: Duration = Duration::from_millis(250);

/// What the pool is joined with.
#[derive(Clone)]
pub struct GmpPorts {
    /// The log.
    pub log: Arc<dyn ReplicatedLog>,
    /// Raft, for passive mode.
    pub raft: Arc<dyn RaftControl>,
    /// Who runs steps.
    pub runner: Arc<dyn StepRunner>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// How busy the machine is, for a pool that chooses its own size.
    pub cpu: Arc<dyn CpuLoad>,
}

/// A node's pool.
#[derive(Clone)]
pub struct Gmp {
    pool: ActorHandle<Pool>,
    floor: Arc<Floor>,
    status: Observer<PoolStatus>,
}

impl Gmp {
    /// Starts the pool; its size follows the parameters of `…GeneralMessageProcessing` live. Workers are spread over `threads`
    /// Arbiters, which only watch: steps run on the shared runtime.
    pub fn start(
        supervisor: &Supervisor,
        ports: GmpPorts,
        config: PoolConfig,
        threads: u32,
    ) -> Result<Self, SpawnError> {
        let floor = Arc::new(Floor::default());
        let status = Published::new(PoolStatus::default());
        let premises = Premises {
            config,
            core: Arc::new(Mutex::new(PoolCore::new(config, 0))),
            floor: Arc::clone(&floor),
            tools: Tools {
                floor: Arc::clone(&floor),
                runner: ports.runner,
                clock: ports.clock,
                runtime: supervisor.runtime().clone(),
            },
            log: Arc::clone(&ports.log),
            raft: ports.raft,
            cpu: ports.cpu,
            supervisor: supervisor.clone(),
            status: status.clone(),
            threads,
        };
        let policy = Policy::critical("gmp-pool").with_tick(TICK);
        let pool = supervisor.spawn("gmp-pool", policy, move || Ok(Pool::new(premises.clone())))?;
        pool.wake_on(supervisor.runtime(), ports.log.changes());
        pool.wake_on(supervisor.runtime(), floor.bell());
        Ok(Self { pool, floor, status: status.observer() })
    }

    /// The pool's status, for console, metrics and tests.
    pub fn status(&self) -> &Observer<PoolStatus> {
        &self.status
    }

    /// Stops claiming, gives back what is not begun, lets workers end their events and records the results. What is not
    /// done at the deadline is cut off; its leases return with the end of the session.
    pub async fn stop(&self, deadline: Duration) -> Result<(), StopError> {
        let until = Instant::now() + deadline;
        let outcome = self.pool.stop(deadline).await;
        let left: Vec<_> = self.floor.employed.lock().values().map(|worker| worker.handle.clone()).collect();
        for worker in left {
            let rest = until.saturating_duration_since(Instant::now());
            if let Err(error) = worker.stop(rest).await {
                tracing::warn!(%error, "a worker was cut off");
            }
        }
        outcome
    }
}
