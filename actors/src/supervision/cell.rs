//! The counters and the state behind an [`ActorStatus`], shared by handle, incarnation and supervising task.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::{
    bound::Gate,
    policy::{Policy, Weight},
    status::{ActorState, ActorStatus, Failure, FailureKind},
};

struct Life {
    state: ActorState,
    unresponsive: bool,
    restarts: u64,
    panics: u64,
    errors: u64,
    stops: u64,
    last_failure: Option<Failure>,
}

pub(super) struct Cell {
    name: String,
    group: String,
    weight: Weight,
    pub(super) gate: Gate,
    handled: AtomicU64,
    refused: AtomicU64,
    life: Mutex<Life>,
    changes: watch::Sender<()>,
}

impl Cell {
    pub(super) fn new(name: String, policy: &Policy) -> Self {
        Self {
            name,
            group: policy.group.clone(),
            weight: policy.weight,
            gate: Gate::new(policy.bound),
            handled: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            life: Mutex::new(Life {
                state: ActorState::Starting,
                unresponsive: false,
                restarts: 0,
                panics: 0,
                errors: 0,
                stops: 0,
                last_failure: None,
            }),
            changes: watch::Sender::new(()),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn count_handled(&self) {
        self.handled.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn set_state(&self, state: ActorState) {
        self.change(|life| life.state = state);
    }

    pub(super) fn set_unresponsive(&self, unresponsive: bool) {
        self.change(|life| life.unresponsive = unresponsive);
    }

    pub(super) fn is_unresponsive(&self) -> bool {
        self.life.lock().unresponsive
    }

    pub(super) fn count_restart(&self) {
        self.change(|life| life.restarts += 1);
    }

    pub(super) fn record_failure(&self, kind: FailureKind, message: String) {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at_ms = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
        self.change(|life| {
            match kind {
                FailureKind::Panic => life.panics += 1,
                FailureKind::Error => life.errors += 1,
                FailureKind::Stop => life.stops += 1,
            }
            life.unresponsive = false;
            life.last_failure = Some(Failure { kind, message, at_ms });
        });
    }

    fn change(&self, change: impl FnOnce(&mut Life)) {
        change(&mut self.life.lock());
        self.changes.send_replace(());
    }

    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    pub(super) fn status(&self) -> ActorStatus {
        let life = self.life.lock();
        ActorStatus {
            name: self.name.clone(),
            group: self.group.clone(),
            critical: self.weight == Weight::Critical,
            state: life.state,
            unresponsive: life.unresponsive,
            restarts: life.restarts,
            panics: life.panics,
            errors: life.errors,
            stops: life.stops,
            last_failure: life.last_failure.clone(),
            queue_used: self.gate.used(),
            queue_bound: self.gate.bound().permits,
            refused: self.refused.load(Ordering::Relaxed),
            handled: self.handled.load(Ordering::Relaxed),
        }
    }
}
