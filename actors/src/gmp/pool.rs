//! The pool's shell: reads the view, carries out the core's decisions, employs and retires workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use flotilla_config::parameters::{ClusterMode, GmpSizing};
use flotilla_model::{Member, State, WorkerId};
use parking_lot::Mutex;

use super::core::{Effect, PoolConfig, PoolCore};
use super::desk::Desk;
use super::floor::{Employed, Floor};
use super::settings::Settings;
use super::sizing::Load;
use super::status::PoolStatus;
use super::supply::Supply;
use super::worker::{Tools, Worker};
use crate::parameters::Cached;
use crate::ports::{CpuLoad, Now, RaftControl, ReplicatedLog};
use crate::supervision::{
    Bound, BoxError, Ctx, Drain, Liveness, Policy, Published, RestartPolicy, Supervised, Supervisor,
};

/// How often workers are looked at that may hang.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What outlives an incarnation of the pool.
#[derive(Clone)]
pub(crate) struct Premises {
    pub(crate) config: PoolConfig,
    pub(crate) core: Arc<Mutex<PoolCore>>,
    pub(crate) floor: Arc<Floor>,
    pub(crate) tools: Tools,
    pub(crate) log: Arc<dyn ReplicatedLog>,
    pub(crate) raft: Arc<dyn RaftControl>,
    pub(crate) cpu: Arc<dyn CpuLoad>,
    pub(crate) supervisor: Supervisor,
    pub(crate) status: Published<PoolStatus>,
    /// Arbiters that the workers are spread over.
    pub(crate) threads: u32,
}

pub(crate) struct Pool {
    premises: Premises,
    settings: Cached<Settings>,
    /// The size that the workers were last hired or retired for; nothing when one has left since.
    staffed_for: Option<u32>,
    stopping: bool,
    alarm_ms: Option<u64>,
    /// Since when the Transaction Manager of this node is stopped.
    halted_ms: Option<u64>,
    beat: u64,
}

impl Pool {
    pub(crate) fn new(premises: Premises) -> Self {
        Self {
            premises,
            settings: Cached::default(),
            staffed_for: None,
            stopping: false,
            alarm_ms: None,
            halted_ms: None,
            beat: 0,
        }
    }

    fn go_on(&mut self, ctx: &mut Ctx<'_, Self>) {
        let view = self.premises.log.view();
        let now = self.premises.tools.clock.now();
        let target = self.read_settings(&view.state, now);
        let effects = {
            let floor = &self.premises.floor;
            let mut core = self.premises.core.lock();
            floor.take_results(|result, duration_us| core.on_result(result, duration_us));
            if core.looks_at_leases(now) {
                core.on_overdue(floor.overdue(Instant::now()));
            }
            core.decide(&view, now)
        };
        for effect in effects {
            self.carry_out(effect, ctx);
        }
        self.resize(if self.stopping { 0 } else { target }, ctx);
        self.publish(target);
        if self.stopping && self.premises.core.lock().is_drained() && self.premises.floor.employed.lock().is_empty() {
            ctx.finish();
        }
    }

    /// How many workers there should be, and whether this node claims.
    fn read_settings(&mut self, state: &State, now: Now) -> u32 {
        let settings = self.settings.read(state, self.premises.config.node, Settings::read);
        let own = self.premises.config.node;
        // Who is about to be removed begins nothing new either.
        let is_halted = state.stopped_tms.contains(&own) || state.leaving.contains(&own);
        let may_work = settings.mode != ClusterMode::Passive || self.premises.raft.status().is_primary;
        self.drain(is_halted, settings.drain_ms, now);
        let holds_files = state.members.get(&self.premises.config.node).is_none_or(Member::is_full);
        let claims = may_work && !is_halted && holds_files;
        let load = match settings.bounds.sizing {
            GmpSizing::Fixed => Load::default(),
            GmpSizing::Auto => self.load(state, now),
        };
        let mut core = self.premises.core.lock();
        let target = core.sizer.decide(settings.bounds, load, now.monotonic_ms);
        core.on_settings(target, claims, settings.lease_timeout_ms);
        target
    }

    /// A stopped Transaction Manager gives back what is not begun at once, and what is not done in time.
    fn drain(&mut self, is_halted: bool, drain_ms: u64, now: Now) {
        if !is_halted {
            self.halted_ms = None;
            return;
        }
        let since_ms = *self.halted_ms.get_or_insert(now.monotonic_ms);
        self.premises.floor.return_queued();
        if now.monotonic_ms.saturating_sub(since_ms) >= drain_ms {
            self.premises.floor.recall();
        }
    }

    fn load(&self, state: &State, now: Now) -> Load {
        let (floor, supply) = (&self.premises.floor, Supply::read(state, &self.premises.config, now));
        Load {
            busy: floor.busy(),
            waiting: floor.queued() + supply.open(),
            oldest_ms: supply.oldest_ms,
            cpu: self.premises.cpu.busy_share(),
        }
    }

    fn carry_out(&mut self, effect: Effect, ctx: &mut Ctx<'_, Self>) {
        match effect {
            Effect::Hand(work) => self.premises.floor.hand(work),
            Effect::Revoke(event, attempt) => self.premises.floor.revoke(event, attempt),
            Effect::DecideAfter(delay_ms) => self.set_alarm(delay_ms, ctx),
            Effect::Propose(id, commands) => {
                let log = Arc::clone(&self.premises.log);
                let proposal = async move { log.propose_many(&commands).await };
                ctx.offload(proposal, move |pool, answer, ctx| {
                    if let Err(error) = &answer {
                        tracing::warn!(%error, "results and claims of the pool were not recorded, they are kept");
                    }
                    let now = pool.premises.tools.clock.now();
                    pool.premises.core.lock().on_answer(id, answer, now);
                    pool.go_on(ctx);
                });
            }
        }
    }

    /// One alarm at a time, unless an earlier one is asked for.
    fn set_alarm(&mut self, delay_ms: u64, ctx: &mut Ctx<'_, Self>) {
        let at_ms = self.premises.tools.clock.monotonic_ms() + delay_ms;
        if self.alarm_ms.is_some_and(|alarm_ms| alarm_ms <= at_ms) {
            return;
        }
        self.alarm_ms = Some(at_ms);
        ctx.spawn(tokio::time::sleep(Duration::from_millis(delay_ms)), |pool, (), ctx| {
            pool.alarm_ms = None;
            pool.go_on(ctx);
        });
    }

    /// Gives up runs that are overdue, again and again. The pool's own thread keeps this time: a step that keeps its
    /// thread may have taken just the one on which the shared runtime waits for its timers and sockets. The poke makes
    /// another one take over from there.
    fn look_after_workers(&self, ctx: &mut Ctx<'_, Self>) {
        ctx.spawn(tokio::time::sleep(LOOK_EVERY), |pool, (), ctx| {
            let now = Instant::now();
            pool.premises.floor.employed.lock().values().for_each(|worker| worker.desk.condemn_if_overdue(now));
            pool.premises.tools.runtime.spawn(async {});
            pool.look_after_workers(ctx);
        });
    }

    /// Grows at once; shrinks by retiring workers, who leave when their event has ended.
    fn resize(&mut self, target: u32, ctx: &mut Ctx<'_, Self>) {
        if self.staffed_for == Some(target) {
            return;
        }
        let size = target as usize;
        let mut hired = Vec::new();
        let mut employed = self.premises.floor.employed.lock();
        for (position, worker) in employed.values().enumerate() {
            worker.desk.set_retired(position >= size);
        }
        let missing = size.saturating_sub(employed.len());
        let free: Vec<_> = (1..).map(WorkerId).filter(|id| !employed.contains_key(id)).take(missing).collect();
        for id in free {
            match self.hire(id) {
                Ok(worker) => {
                    hired.push((id, worker.handle.clone()));
                    employed.insert(id, worker);
                }
                Err(error) => tracing::error!(%error, worker = id.0, "a worker could not be started"),
            }
        }
        self.staffed_for = (hired.len() == missing).then_some(target);
        drop(employed);
        for (id, handle) in hired {
            self.watch(id, handle, ctx);
        }
    }

    fn hire(&self, id: WorkerId) -> Result<Employed, crate::supervision::SpawnError> {
        let desk = Arc::new(Desk::new(id));
        let (at, tools) = (Arc::clone(&desk), self.premises.tools.clone());
        let group = format!("gmp-{}", id.0 % self.premises.threads.max(1));
        let factory = move || Ok(Worker { desk: Arc::clone(&at), tools: tools.clone() });
        let handle = self.premises.supervisor.spawn(&format!("gmp-worker-{}", id.0), worker_policy(&group), factory)?;
        Ok(Employed { desk, handle })
    }

    fn watch(&self, id: WorkerId, handle: crate::supervision::ActorHandle<Worker>, ctx: &mut Ctx<'_, Self>) {
        ctx.spawn(async move { handle.stopped().await }, move |pool, (), ctx| {
            pool.premises.floor.employed.lock().remove(&id);
            pool.staffed_for = None;
            // A thousand that leave together are one change; but a stopping pool hears no bell any more.
            if pool.stopping {
                pool.go_on(ctx);
            } else {
                pool.premises.floor.ring();
            }
        });
    }

    fn publish(&mut self, target: u32) {
        self.beat += 1;
        let floor = &self.premises.floor;
        let mishap = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (workers, busy) = (floor.employed.lock().len() as u32, floor.busy());
        let core = self.premises.core.lock();
        self.premises.status.set(PoolStatus {
            target,
            workers,
            busy,
            idle: workers.saturating_sub(busy),
            retiring: workers.saturating_sub(self.staffed_for.unwrap_or(workers)),
            queued: floor.queued(),
            unrecorded: core.unrecorded() as u32,
            panics: mishap(&floor.mishaps.panics),
            hung: mishap(&floor.mishaps.hung),
            leaked: mishap(&floor.mishaps.leaked),
            work_us: core.pace.work_us(),
            round_us: core.pace.round_us(),
            beat: self.beat,
            claiming: core.is_claiming(),
            drained: core.is_drained(),
            totals: core.totals,
        });
    }
}

impl Supervised for Pool {
    fn started(&mut self, ctx: &mut Ctx<'_, Self>) -> Result<(), BoxError> {
        self.premises.core.lock().on_restart(&self.premises.floor.assigned());
        let employed: Vec<_> =
            self.premises.floor.employed.lock().iter().map(|(id, worker)| (*id, worker.handle.clone())).collect();
        for (id, handle) in employed {
            self.watch(id, handle, ctx);
        }
        self.look_after_workers(ctx);
        self.go_on(ctx);
        Ok(())
    }

    fn on_tick(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.go_on(ctx);
    }

    fn on_wake(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.go_on(ctx);
    }

    fn stopping(&mut self, ctx: &mut Ctx<'_, Self>) -> Drain {
        self.stopping = true;
        self.premises.core.lock().on_stop();
        self.premises.floor.return_queued();
        self.go_on(ctx);
        Drain::Later
    }
}

/// Workers run what partners and operators configured, so they may fail often; each failure is already counted against
/// its event. They are never given up, only slowed down.
fn worker_policy(group: &str) -> Policy {
    Policy::ordinary(group)
        .with_bound(Bound::waiting(1))
        .with_restart(RestartPolicy {
            restarts_in_window: u32::MAX,
            window: Duration::from_secs(10),
            first_backoff: Duration::from_millis(1),
            longest_backoff: Duration::from_millis(500),
        })
        .with_liveness(Liveness { ping_every: Duration::from_secs(10), answer_within: Duration::from_secs(30) })
}
