//! Puts the parts together.

use std::future::Future;
use std::sync::Arc;

use openraft::errors::Fatal;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::awaited::Awaited;
use crate::compaction::snapshot_when_due;
use crate::config::Config;
use crate::consensus::{Consensus, Inner};
use crate::disk::{Disk, run_blocking};
use crate::election::{Contact, Timeouts, stand_in_order};
use crate::heartbeat::beat;
use crate::log::{LogError, LogSettings, LogStore};
use crate::machine::Machine;
use crate::network::{PeerClients, RaftServer};
use crate::payloads::PayloadStore;
use crate::propose::{Dispatcher, ForwardServer, Proposer};
use crate::snapshot::{SnapshotError, SnapshotStore};
use crate::state_machine::StateMachine;
use crate::transport::Transport;
use crate::types::{Raft, TypeConfig};

/// Why a node could not start. Nothing was changed on disk, save that a write that a crash had cut off was dropped.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A value of the configuration is out of range.
    #[error("the configuration of consensus is invalid: {reason}")]
    Config {
        /// What is wrong.
        reason: String,
    },
    /// The log is damaged, incomplete or unreadable.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The snapshot is damaged or unreadable.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Snapshot and log don't meet.
    #[error(
        "entries up to {purged} were dropped from the log, but the snapshot ends at {snapshot:?}; restore the data \
         directory from a backup, or remove it and let the node join again"
    )]
    SnapshotMissing {
        /// Last entry dropped.
        purged: u64,
        /// Last entry in the snapshot, if there is one.
        snapshot: Option<u64>,
    },
    /// The data directory cannot be used.
    #[error("the data directory cannot be used")]
    Io(#[from] std::io::Error),
    /// Raft refused what it found.
    #[error("raft cannot start: {reason}")]
    Raft {
        /// What it says.
        reason: String,
    },
}

struct Storage {
    log: LogStore,
    snapshots: SnapshotStore,
    machine: Machine,
}

fn open_storage(disk: Arc<dyn Disk>, settings: LogSettings, payloads: &PayloadStore) -> Result<Storage, StartError> {
    let (snapshots, found) = SnapshotStore::open(Arc::clone(&disk), payloads)?;
    let machine = found.map(|(meta, state)| Machine::from_snapshot(&meta, state)).unwrap_or_default();
    let (log, cut_bytes) = LogStore::open(disk, settings)?;
    if cut_bytes > 0 {
        tracing::warn!(cut_bytes, "dropped the remains of a write that was cut off; it was never acknowledged");
    }
    let snapshot = machine.applied().map(|id| id.index);
    match log.purged_index() {
        Some(purged) if Some(purged) > snapshot => Err(StartError::SnapshotMissing { purged, snapshot }),
        _ => Ok(Storage { log, snapshots, machine }),
    }
}

impl Consensus {
    /// Recovers this node from its disk and lets it take part. It belongs to no cluster until [`Consensus::initialize`],
    /// or until a primary sends it the log.
    pub async fn start(config: Config, disk: Arc<dyn Disk>, transport: Arc<dyn Transport>) -> Result<Self, StartError> {
        let raft_config = config.raft().map_err(|error| StartError::Config { reason: error.to_string() })?;
        let settings = LogSettings { segment_bytes: config.segment_bytes, cache_bytes: config.cache_bytes };
        let opened_disk = Arc::clone(&disk);
        let payloads = PayloadStore::new(Arc::clone(&disk), config.payload_area_bytes);
        let opened_payloads = payloads.clone();
        let open = move || Ok(open_storage(opened_disk, settings, &opened_payloads));
        let storage = run_blocking(disk.as_ref(), open).await??;
        let state_machine =
            StateMachine::new(storage.machine, storage.log.reader(), storage.snapshots, payloads.clone());
        let published = state_machine.published();
        let awaited = Arc::new(Awaited::default());
        let clients = PeerClients {
            node: config.node,
            transport: Arc::clone(&transport),
            snapshot_piece_bytes: config.snapshot_piece_bytes,
            awaited: Arc::clone(&awaited),
        };
        let raft = Raft::new(config.node.0, raft_config, clients, storage.log.clone(), state_machine).await;
        let refused = |error: Fatal<TypeConfig>| StartError::Raft { reason: error.to_string() };
        let raft = raft.map_err(refused)?;
        // Answered by Raft's task once it runs: from here on the status shows what was recovered.
        raft.with_raft_state(|_| ()).await.map_err(refused)?;

        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let contact = Arc::new(Contact::new(config.rank));
        let timeouts = Timeouts::new(&config);
        spawn_until(&stop, &tasks, stand_in_order(raft.clone(), Arc::clone(&contact), timeouts));
        spawn_until(&stop, &tasks, beat(raft.clone(), config.heartbeat_interval()));
        spawn_until(&stop, &tasks, snapshot_when_due(raft.clone(), Arc::clone(&published), config.clone()));
        let dispatcher = Dispatcher {
            node: config.node,
            raft: raft.clone(),
            transport: Arc::clone(&transport),
            published: Arc::clone(&published),
        };
        let proposer = Proposer::start(dispatcher, config.propose_timeout(), stop.clone(), &tasks);
        let inner = Inner {
            raft_server: RaftServer::new(raft.clone(), disk, payloads.clone(), Arc::clone(&contact)),
            forward_server: ForwardServer::new(raft.clone(), config.propose_timeout(), Arc::clone(&awaited)),
            awaited,
            log: storage.log,
            payloads,
            config,
            raft,
            transport,
            contact,
            published,
            proposer,
            stop,
            tasks,
        };
        Ok(Self { inner: Arc::new(inner) })
    }
}

fn spawn_until(stop: &CancellationToken, tasks: &TaskTracker, task: impl Future<Output = ()> + Send + 'static) {
    let stop = stop.clone();
    tasks.spawn(async move {
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = task => {}
        }
    });
}
