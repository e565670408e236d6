//! The state machine as openraft wants it: applies, publishes views, builds and installs snapshots.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flotilla_model::State;
use futures::{Stream, StreamExt};
use openraft::storage::{EntryResponder, RaftStateMachine, Snapshot};
use openraft::{OptionalSend, RaftSnapshotBuilder};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::disk::{run_blocking, run_giving_way};
use crate::log::LogReader;
use crate::machine::{Checkpoint, Machine, View};
use crate::payloads::PayloadStore;
use crate::replace::{self, ReplaceError};
use crate::snapshot::{SnapshotFile, SnapshotStore};
use crate::types::{Entry, EntryPayload, LogId, SnapshotMeta, StoredMembership, TypeConfig};

type RaftSnapshot = openraft::type_config::alias::SnapshotOf<TypeConfig, SnapshotFile>;

/// A view is published at least after so many entries, when many are applied at once.
const ENTRIES_PER_VIEW: usize = 64;

/// What the state machine shows to the rest of the crate.
pub(crate) struct Published {
    view: watch::Sender<Arc<View>>,
    checkpoints: Mutex<Vec<Checkpoint>>,
    recent: Mutex<Vec<Checkpoint>>,
    /// Since the last snapshot.
    log_entries: AtomicU64,
    log_bytes: AtomicU64,
    /// Size of the last snapshot's file.
    snapshot_bytes: AtomicU64,
    /// Told after each step of applying: waiters in this crate, in their order, which a watch would not keep.
    moved: Notify,
    /// The same for the one that decides about snapshots.
    pub(crate) applied: Notify,
}

impl Published {
    fn new(machine: &Machine) -> Self {
        Self {
            view: watch::Sender::new(Arc::new(machine.view())),
            checkpoints: Mutex::new(machine.checkpoints()),
            recent: Mutex::default(),
            log_entries: AtomicU64::new(0),
            log_bytes: AtomicU64::new(0),
            snapshot_bytes: AtomicU64::new(0),
            moved: Notify::new(),
            applied: Notify::new(),
        }
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<View>> {
        self.view.subscribe()
    }

    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.borrow())
    }

    /// Waits for a view that has reached `index`.
    pub(crate) async fn view_at(&self, index: u64) -> Arc<View> {
        loop {
            let moved = self.moved.notified();
            let view = self.view();
            if view.index >= index {
                return view;
            }
            moved.await;
        }
    }

    pub(crate) fn checkpoints(&self) -> Vec<Checkpoint> {
        self.checkpoints.lock().clone()
    }

    pub(crate) fn recent(&self) -> Vec<Checkpoint> {
        self.recent.lock().clone()
    }

    /// Entries and bytes applied since the last snapshot.
    pub(crate) fn log_since_snapshot(&self) -> (u64, u64) {
        (self.log_entries.load(Ordering::Relaxed), self.log_bytes.load(Ordering::Relaxed))
    }

    /// What the last snapshot cost to write.
    pub(crate) fn snapshot_bytes(&self) -> u64 {
        self.snapshot_bytes.load(Ordering::Relaxed)
    }

    fn note_snapshot(&self, snapshot: &SnapshotFile) {
        self.snapshot_bytes.store(snapshot.file.length().unwrap_or(0), Ordering::Relaxed);
    }

    fn count(&self, entry: &Entry) {
        let bytes = if let EntryPayload::Normal(payload) = &entry.payload { payload.0.len() } else { 0 };
        self.log_entries.fetch_add(1, Ordering::Relaxed);
        self.log_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn count_from_zero(&self) {
        self.log_entries.store(0, Ordering::Relaxed);
        self.log_bytes.store(0, Ordering::Relaxed);
    }

    fn publish(&self, machine: &Machine) {
        *self.checkpoints.lock() = machine.checkpoints();
        *self.recent.lock() = machine.recent();
        self.view.send_replace(Arc::new(machine.view()));
        self.moved.notify_waiters();
        self.applied.notify_one();
    }
}

pub(crate) struct StateMachine {
    machine: Machine,
    log: LogReader,
    snapshots: SnapshotStore,
    payloads: PayloadStore,
    published: Arc<Published>,
}

impl StateMachine {
    pub(crate) fn new(machine: Machine, log: LogReader, snapshots: SnapshotStore, payloads: PayloadStore) -> Self {
        let published = Arc::new(Published::new(&machine));
        if let Some((_, snapshot)) = snapshots.current() {
            published.note_snapshot(&snapshot);
        }
        Self { machine, log, snapshots, payloads, published }
    }

    /// Puts another state in place of this one, which has reached its index; gives the index that it was brought to.
    pub(crate) async fn replace(&mut self, index: u64, state: State) -> Result<u64, ReplaceError> {
        self.machine = replace::caught_up(&self.machine, index, state, &mut self.log, &self.payloads).await?;
        self.published.publish(&self.machine);
        Ok(self.machine.applied().map_or(0, |id| id.index))
    }

    pub(crate) fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published)
    }
}

impl RaftStateMachine<TypeConfig> for StateMachine {
    type SnapshotData = SnapshotFile;
    type SnapshotBuilder = SnapshotBuilder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), io::Error> {
        Ok((self.machine.applied(), self.machine.membership().clone()))
    }

    async fn apply<Strm>(&mut self, mut entries: Strm) -> Result<(), io::Error>
    where
        Strm: Stream<Item = Result<EntryResponder<TypeConfig>, io::Error>> + Unpin + OptionalSend,
    {
        let mut unpublished = 0;
        let mut answers = Vec::new();
        loop {
            let item = entries.next().await.transpose()?;
            let is_last = item.is_none();
            if let Some((entry, responder)) = item {
                let reply = self.machine.apply(&entry, &self.payloads).map_err(io::Error::other)?;
                self.published.count(&entry);
                unpublished += 1;
                answers.extend(responder.map(|responder| (responder, reply)));
            }
            if self.payloads.is_due() {
                self.payloads.write().await?;
            }
            // A proposer hears of its command only after the view that holds it is out.
            if unpublished > 0 && (is_last || unpublished >= ENTRIES_PER_VIEW) {
                self.published.publish(&self.machine);
                answers.drain(..).for_each(|(responder, reply)| responder.send(reply));
                unpublished = 0;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn get_snapshot_builder(&mut self) -> SnapshotBuilder {
        self.published.count_from_zero();
        let published = Arc::clone(&self.published);
        SnapshotBuilder { machine: self.machine.clone(), snapshots: self.snapshots.clone(), published }
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, snapshot: SnapshotFile) -> Result<(), io::Error> {
        let snapshots = self.snapshots.clone();
        let copy = meta.clone();
        let payloads = self.payloads.clone();
        let install = move || snapshots.install(&copy, snapshot, &payloads).map_err(io::Error::other);
        let state = run_blocking(self.snapshots.disk().as_ref(), install).await?;
        self.machine = Machine::from_snapshot(meta, state);
        self.published.count_from_zero();
        if let Some((_, snapshot)) = self.snapshots.current() {
            self.published.note_snapshot(&snapshot);
        }
        self.published.publish(&self.machine);
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<RaftSnapshot>, io::Error> {
        Ok(self.snapshots.current().map(|(meta, snapshot)| Snapshot { meta, snapshot }))
    }
}

/// Writes a snapshot of the state as it was when this was made.
pub(crate) struct SnapshotBuilder {
    machine: Machine,
    snapshots: SnapshotStore,
    published: Arc<Published>,
}

impl RaftSnapshotBuilder<TypeConfig> for SnapshotBuilder {
    type SnapshotData = SnapshotFile;

    async fn build_snapshot(&mut self) -> Result<RaftSnapshot, io::Error> {
        let (machine, snapshots) = (self.machine.clone(), self.snapshots.clone());
        let published = Arc::clone(&self.published);
        let build = move || {
            let meta = machine.meta();
            let snapshot = snapshots.build(&meta, machine.state()).map_err(io::Error::other)?;
            published.note_snapshot(&snapshot);
            Ok(Snapshot { meta, snapshot })
        };
        run_giving_way(self.snapshots.disk().as_ref(), "snapshot", build).await
    }
}
