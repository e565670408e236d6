//! The floor between pool and workers: a queue of leased events, the desks, the results. It outlives restarts of both.
//!
//! A worker takes the next event by itself, so that an event costs no message; the pool hears of results by a bell
//! that rings once for many.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use crossbeam::queue::{ArrayQueue, SegQueue};
use flotilla_model::{EventId, WorkItem, WorkResult, WorkerId};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};

use super::desk::{Desk, Incarnation};
use super::holdings::returned;
use super::worker::Worker;
use crate::ports::{Changes, Clock, Progress, changes};
use crate::supervision::ActorHandle;

/// Leased events that wait for a worker. The core never holds more than the largest pool and its work in advance; beyond
/// that an event is given back.
const QUEUE_MAX: usize = 4096;

pub(crate) struct Employed {
    pub(crate) desk: Arc<Desk>,
    pub(crate) handle: ActorHandle<Worker>,
}

/// Where an event is that was handed over and whose result was not taken yet.
enum Place {
    Queued,
    /// Queued, and to be skipped.
    Revoked,
    Desk(Arc<Desk>),
}

/// Since the process started.
#[derive(Default)]
pub(crate) struct Mishaps {
    pub(crate) panics: AtomicU64,
    pub(crate) hung: AtomicU64,
    pub(crate) leaked: AtomicU64,
}

pub(crate) struct Floor {
    queue: ArrayQueue<Arc<WorkItem>>,
    /// One permit for each queued event: a fair line of idle workers.
    queued: Semaphore,
    /// Bounded by the events held: each has one result at most.
    results: SegQueue<(WorkResult, u64)>,
    bell: watch::Sender<()>,
    /// Locked before a desk, never the other way round.
    assigned: Mutex<HashMap<(EventId, u32), Place>>,
    busy: AtomicU32,
    pub(crate) employed: Mutex<BTreeMap<WorkerId, Employed>>,
    pub(crate) mishaps: Mishaps,
}

impl Default for Floor {
    fn default() -> Self {
        Self {
            queue: ArrayQueue::new(QUEUE_MAX),
            queued: Semaphore::new(0),
            results: SegQueue::new(),
            bell: watch::Sender::new(()),
            assigned: Mutex::default(),
            busy: AtomicU32::new(0),
            employed: Mutex::default(),
            mishaps: Mishaps::default(),
        }
    }
}

impl Floor {
    /// Rings when results have come.
    pub(crate) fn bell(&self) -> Changes {
        changes(self.bell.subscribe())
    }

    pub(crate) fn hand(&self, work: Arc<WorkItem>) {
        let lease = (work.event.id, work.lease.attempt);
        self.assigned.lock().insert(lease, Place::Queued);
        match self.queue.push(work) {
            Ok(()) => self.queued.add_permits(1),
            Err(work) => self.report(returned(work.event.id, work.lease.attempt), 0),
        }
    }

    /// Puts the next event on the desk. Nothing is lost when the future is dropped: it takes the event in the poll that
    /// returns it.
    pub(crate) async fn next(
        &self,
        desk: &Arc<Desk>,
        incarnation: Incarnation,
        clock: &dyn Clock,
    ) -> (Arc<WorkItem>, Progress) {
        loop {
            match self.queued.acquire().await {
                Ok(permit) => permit.forget(),
                // The semaphore is never closed.
                Err(_closed) => std::future::pending::<()>().await,
            }
            let mut assigned = self.assigned.lock();
            if !desk.is_of(incarnation) {
                drop(assigned);
                // This worker was replaced at this very moment: the event is for another.
                self.queued.add_permits(1);
                std::future::pending::<()>().await;
                continue;
            }
            let Some(work) = self.queue.pop() else { continue };
            let lease = (work.event.id, work.lease.attempt);
            if let Some(Place::Revoked) = assigned.insert(lease, Place::Desk(Arc::clone(desk))) {
                assigned.remove(&lease);
                continue;
            }
            let progress = desk.take(Arc::clone(&work), clock.unix_ms());
            self.busy.fetch_add(1, Ordering::Relaxed);
            return (work, progress);
        }
    }

    pub(crate) fn queued(&self) -> u32 {
        self.queue.len() as u32
    }

    /// Workers with an event.
    pub(crate) fn busy(&self) -> u32 {
        self.busy.load(Ordering::Relaxed)
    }

    /// A desk is free again.
    pub(crate) fn leave_desk(&self) {
        self.busy.fetch_sub(1, Ordering::Relaxed);
    }

    /// A worker's result.
    pub(crate) fn report(&self, result: WorkResult, duration_us: u64) {
        self.results.push((result, duration_us));
        self.ring();
    }

    /// Something on the floor has changed.
    pub(crate) fn ring(&self) {
        self.bell.send_replace(());
    }

    /// The lease is lost: a queued event is skipped, a running one stopped.
    pub(crate) fn revoke(&self, event: EventId, attempt: u32) {
        if let Some(place) = self.assigned.lock().get_mut(&(event, attempt)) {
            match place {
                Place::Desk(desk) => desk.revoke(event, attempt),
                Place::Queued | Place::Revoked => *place = Place::Revoked,
            }
        }
    }

    /// The event left its desk without a result.
    pub(crate) fn forget(&self, event: EventId, attempt: u32) {
        self.assigned.lock().remove(&(event, attempt));
    }

    /// Results that have come, each once.
    pub(crate) fn take_results(&self, mut take: impl FnMut(WorkResult, u64)) {
        while let Some((result, duration_us)) = self.results.pop() {
            let lease = (result.event, result.attempt);
            take(result, duration_us);
            self.forget(lease.0, lease.1);
        }
    }

    /// Gives back what no worker has begun.
    pub(crate) fn return_queued(&self) {
        while let Ok(permit) = self.queued.try_acquire() {
            permit.forget();
            if let Some(work) = self.queue.pop() {
                self.report(returned(work.event.id, work.lease.attempt), 0);
            }
        }
    }

    /// Stops all that runs, to be given back.
    pub(crate) fn recall(&self) {
        self.employed.lock().values().for_each(|worker| worker.desk.recall());
    }

    /// Leases of workers that make no progress.
    pub(crate) fn overdue(&self, now: Instant) -> BTreeSet<(EventId, u32)> {
        self.employed.lock().values().filter_map(|worker| worker.desk.overdue(now)).collect()
    }

    /// What the workers have, queued or on a desk, or reported and not taken.
    pub(crate) fn assigned(&self) -> BTreeSet<(EventId, u32)> {
        self.assigned.lock().keys().copied().collect()
    }
}
