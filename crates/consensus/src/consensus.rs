//! The handle that the rest of the process holds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flotilla_model::{Command, NodeId, State};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::awaited::Awaited;
use crate::config::Config;
use crate::election::Contact;
use crate::failover;
use crate::log::LogStore;
use crate::machine::{Checkpoint, View};
use crate::membership::{self, MembershipError};
use crate::network::RaftServer;
use crate::payloads::PayloadStore;
use crate::propose::{Applied, ForwardServer, ProposeError, Proposer};
use crate::read::{self, ReadError};
use crate::replace::ReplaceError;
use crate::state_machine::Published;
use crate::status::{self, StandingWatch, Status, StatusWatch};
use crate::transport::{Lane, Transport};
use crate::types::{PeerAddress, Raft};
use crate::wire::{self, Kind, Refusal};

/// How far another node is ahead of this one is caught up in far less, if this one follows at all.
const REPLACE_TIMEOUT: Duration = Duration::from_secs(10);

/// This node's part in the cluster's consensus. A clone is another handle of the same.
#[derive(Clone)]
pub struct Consensus {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) raft: Raft,
    pub(crate) log: LogStore,
    pub(crate) payloads: PayloadStore,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) contact: Arc<Contact>,
    pub(crate) published: Arc<Published>,
    pub(crate) proposer: Proposer,
    pub(crate) raft_server: RaftServer,
    pub(crate) forward_server: ForwardServer,
    pub(crate) awaited: Arc<Awaited>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Consensus {
    /// Proposes one command and waits until it is applied. Commands that are proposed at the same time share an entry.
    pub async fn propose(&self, command: Command) -> Result<Applied, ProposeError> {
        let applied = self.inner.proposer.propose(&[command]).await?;
        applied.into_iter().next().ok_or(ProposeError::Unknown)
    }

    /// Proposes commands that are applied one after the other in one entry.
    pub async fn propose_many(&self, commands: &[Command]) -> Result<Vec<Applied>, ProposeError> {
        self.inner.proposer.propose(commands).await
    }

    /// The state as this node knows it now.
    pub fn view(&self) -> Arc<View> {
        self.inner.published.view()
    }

    /// Tells of each new view; a slow reader sees the latest only.
    pub fn watch(&self) -> watch::Receiver<Arc<View>> {
        self.inner.published.subscribe()
    }

    /// A view that holds everything that was acknowledged, on any node, before the call.
    pub async fn linearizable_view(&self) -> Result<Arc<View>, ReadError> {
        let inner = &self.inner;
        let deadline = Instant::now() + inner.config.propose_timeout();
        let index = read::read_index(&inner.raft, inner.config.node, inner.transport.as_ref(), deadline).await?;
        timeout_at(deadline, inner.published.view_at(index)).await.map_err(|_| ReadError::NoPrimary)
    }

    /// Digests of the state at some past indices, oldest first: equal on all nodes at equal indices.
    pub fn checkpoints(&self) -> Vec<Checkpoint> {
        self.inner.published.checkpoints()
    }

    /// The same, close together, of the last entries: for a comparison with other nodes that is made now.
    pub fn recent_digests(&self) -> Vec<Checkpoint> {
        self.inner.published.recent()
    }

    /// Puts another node's state, as it was at `index`, in place of this node's; gives the index that it was brought to. It
    /// writes nothing to the log, and needs nothing to be written. A snapshot of it is made at once, since the one on disk
    /// may be as wrong as the old state was.
    pub async fn replace_state(&self, index: u64, state: State) -> Result<u64, ReplaceError> {
        let inner = &self.inner;
        let reached = timeout(REPLACE_TIMEOUT, inner.published.view_at(index)).await;
        reached.map_err(|_| ReplaceError::Behind { index, applied: inner.published.view().index })?;
        let replaced = inner.raft.with_state_machine(move |machine| Box::pin(machine.replace(index, state))).await;
        let at = replaced.map_err(|_| ReplaceError::Shutdown)??;
        if let Err(error) = self.trigger_snapshot().await {
            tracing::warn!(%error, "no snapshot of the mended state could be ordered");
        }
        Ok(at)
    }

    /// Reads the state that another node wrote, for [`Consensus::replace_state`]. Blocks.
    pub fn read_state(&self, reader: &mut dyn std::io::Read) -> Result<State, flotilla_model::SnapshotError> {
        self.inner.payloads.read_state(reader)
    }

    /// Bytes of data of waiting events that this node keeps in files instead of memory (`EventQueue.memoryBytes`).
    pub fn stored_payload_bytes(&self) -> u64 {
        self.inner.payloads.bytes()
    }

    /// What this node is, and how far.
    pub fn status(&self) -> Status {
        status::status(&self.inner.raft, self.inner.log.syncs(), self.inner.log.failure())
    }

    /// Tells of each change of [`Consensus::status`] from now on.
    pub fn watch_status(&self) -> StatusWatch {
        StatusWatch::new(&self.inner.raft)
    }

    /// Tells of each change of term, primary, role and membership from now on.
    pub fn watch_standing(&self) -> StandingWatch {
        StandingWatch::new(&self.inner.raft)
    }

    /// Answers a call of another node. `from` is who the mesh has proved it to be.
    pub async fn handle(&self, from: NodeId, lane: Lane, request: Bytes) -> Bytes {
        match self.answer(from, lane, &request).await {
            Ok(answer) => answer,
            Err(refusal) => {
                tracing::debug!(%from, reason = refusal.0, "refused a request");
                wire::refuse(refusal)
            }
        }
    }

    async fn answer(&self, from: NodeId, lane: Lane, request: &Bytes) -> Result<Bytes, Refusal> {
        let (kind, body) = wire::accept_request(request)?;
        match (lane, kind) {
            (Lane::Control, Kind::Forward) => self.inner.forward_server.handle(from, body).await,
            (Lane::Control, Kind::ReadIndex) => read::handle(&self.inner.raft, from, &self.inner.awaited).await,
            (Lane::Raft, kind) => self.inner.raft_server.handle(from, kind, body).await,
            (Lane::Control, _) => Err(Refusal("wrong lane".to_owned())),
        }
    }

    /// Whether this node belongs to a cluster.
    pub async fn is_initialized(&self) -> Result<bool, MembershipError> {
        self.inner.raft.is_initialized().await.map_err(|_| MembershipError::Shutdown)
    }

    /// Makes this node the first, and only, voter of a new cluster.
    pub async fn initialize(&self, address: PeerAddress) -> Result<(), MembershipError> {
        membership::initialize(&self.inner.raft, self.inner.config.node, address).await
    }

    /// Adds a member that follows without a vote. On the primary only, as all changes of members.
    pub async fn add_learner(&self, node: NodeId, address: PeerAddress) -> Result<(), MembershipError> {
        membership::set_member(&self.inner.raft, node, address).await
    }

    /// Changes the name or address of a member.
    pub async fn set_address(&self, node: NodeId, address: PeerAddress) -> Result<(), MembershipError> {
        membership::set_member(&self.inner.raft, node, address).await
    }

    /// Sets who votes. A new voter must follow as a learner already.
    pub async fn change_voters(&self, voters: &BTreeSet<NodeId>) -> Result<(), MembershipError> {
        membership::change_voters(&self.inner.raft, voters).await
    }

    /// Takes a member out for good.
    pub async fn remove(&self, node: NodeId) -> Result<(), MembershipError> {
        let is_voter = self.status().voters.contains_key(&node);
        membership::remove(&self.inner.raft, node, is_voter).await
    }

    /// This node's place in the promotion order from now on; 0 is the first.
    pub fn set_rank(&self, rank: u32) {
        self.inner.contact.set_rank(rank);
    }

    /// Says that the primary is dead, on evidence: its connection was reset and dialling it again was refused. `next` is
    /// the first survivor in promotion order. Every survivor that has the evidence calls this.
    pub async fn suspect_dead(&self, primary: NodeId, next: Option<NodeId>) {
        failover::suspect_dead(&self.inner.raft, &self.inner.contact, self.inner.config.node, primary, next).await;
    }

    /// Hands the leadership over. On the primary; returns when the hand-over has begun.
    pub async fn transfer_leadership(&self, to: NodeId) -> Result<(), MembershipError> {
        // Raft would wait for it, and take no writes meanwhile: for ever, if no other voter is there to stand.
        if !self.status().voters.contains_key(&to) {
            return Err(MembershipError::NotAVoter(to));
        }
        self.inner.raft.trigger().transfer_leader(to.0).await.map_err(|_| MembershipError::Shutdown)
    }

    /// Makes a snapshot soon, however little there is to put into it.
    pub async fn trigger_snapshot(&self) -> Result<(), ReadError> {
        self.inner.raft.trigger().snapshot().await.map_err(|_| ReadError::Shutdown)
    }

    /// Stops taking part: refuses new proposals, answers those under way, makes the log durable. A snapshot that is being
    /// written may go on for a moment; the disk is let go of when it ends and the last handle is dropped.
    pub async fn shutdown(&self) {
        let inner = &self.inner;
        inner.stop.cancel();
        inner.tasks.close();
        // Groups under way end when Raft does, at the latest.
        if let Err(error) = inner.raft.shutdown().await {
            tracing::error!(%error, "Raft did not end well");
        }
        inner.tasks.wait().await;
        if let Err(error) = inner.log.close().await {
            tracing::error!(%error, "the log could not be flushed");
        }
    }
}
