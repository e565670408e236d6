//! The floor between pool and workers: a queue of leased events, the desks, the results. It outlives restarts of both.
//!
//! A worker takes the next event by itself, so that an event costs no message; the pool hears of results by a bell
//! that rings once for many.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam::queue::{ArrayQueue, SegQueue};
use flotilla_model::{EventId, WorkItem, WorkResult, WorkerId};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};

use super::desk::Desk;
use super::holdings::returned;
use super::worker::Worker;
use crate::ports::{Changes, changes};
use crate::supervision::ActorHandle;

/// Leased events that wait for a worker. The core never holds more than the largest pool and its work in advance; beyond
/// that an event is given back.
const QUEUE_MAX: usize = 4096;

pub(crate) struct Employed {
    pub(crate) desk: Arc<Desk>,
    pub(crate) handle: ActorHandle<Worker>,
}

pub(crate) struct Floor {
    queue: ArrayQueue<Arc<WorkItem>>,
    /// One permit for each queued event: a fair line of idle workers.
    queued: Semaphore,
    /// Bounded by the events held: each has one result at most.
    results: SegQueue<(WorkResult, u64)>,
    bell: watch::Sender<()>,
    /// Handed over and no result taken yet.
    assigned: Mutex<BTreeSet<(EventId, u32)>>,
    revoked: Mutex<BTreeSet<(EventId, u32)>>,
    pub(crate) employed: Mutex<BTreeMap<WorkerId, Employed>>,
    pub(crate) panics: AtomicU64,
    pub(crate) hung: AtomicU64,
}

impl Default for Floor {
    fn default() -> Self {
        Self {
            queue: ArrayQueue::new(QUEUE_MAX),
            queued: Semaphore::new(0),
            results: SegQueue::new(),
            bell: watch::Sender::new(()),
            assigned: Mutex::default(),
            revoked: Mutex::default(),
            employed: Mutex::default(),
            panics: AtomicU64::new(0),
            hung: AtomicU64::new(0),
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
        self.assigned.lock().insert(lease);
        match self.queue.push(work) {
            Ok(()) => self.queued.add_permits(1),
            Err(work) => self.report(returned(work.event.id, work.lease.attempt), 0),
        }
    }

    /// The next event. Nothing is lost when the future is dropped: it takes the event in the poll that returns it.
    pub(crate) async fn next(&self) -> Arc<WorkItem> {
        loop {
            match self.queued.acquire().await {
                Ok(permit) => permit.forget(),
                // The semaphore is never closed.
                Err(_closed) => std::future::pending::<()>().await,
            }
            if let Some(work) = self.queue.pop() {
                let lease = (work.event.id, work.lease.attempt);
                if !self.revoked.lock().remove(&lease) {
                    return work;
                }
                self.assigned.lock().remove(&lease);
            }
        }
    }

    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
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
        let lease = (event, attempt);
        let desks: Vec<_> = self.employed.lock().values().map(|worker| Arc::clone(&worker.desk)).collect();
        if self.assigned.lock().contains(&lease) && !self.queue.is_empty() {
            self.revoked.lock().insert(lease);
        }
        for desk in desks {
            desk.revoke(event, attempt);
        }
    }

    /// The event left its desk without a result.
    pub(crate) fn forget(&self, event: EventId, attempt: u32) {
        self.assigned.lock().remove(&(event, attempt));
        self.revoked.lock().remove(&(event, attempt));
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

    /// What the workers have, queued or on a desk, or reported and not taken.
    pub(crate) fn assigned(&self) -> BTreeSet<(EventId, u32)> {
        self.assigned.lock().clone()
    }

    pub(crate) fn count_panic(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_hung(&self) {
        self.hung.fetch_add(1, Ordering::Relaxed);
    }
}
