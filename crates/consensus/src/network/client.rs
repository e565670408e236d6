//! Calls of Raft to one peer.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flotilla_model::NodeId;
use futures::Stream;
use openraft::base::{BoxFuture, BoxStream};
use openraft::errors::{NetworkError, RPCError, ReplicationClosed, StreamingError, Timeout, Unreachable};
use openraft::network::{RPCOption, RaftNetworkFactory, RaftNetworkV2};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, StreamAppendResult, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::storage::Snapshot;
use openraft::{OptionalSend, RPCTypes};

use super::{pipeline, snapshot_sender};
use crate::awaited::Awaited;
use crate::snapshot::SnapshotFile;
use crate::transport::{Lane, Transport, TransportError};
use crate::types::{PeerAddress, TypeConfig, Vote};
use crate::wire::{self, Kind, WireError};

/// A follower answers `AppendEntries` after its sync; a disk that stalls longer than this is worth another try.
const APPEND_TIMEOUT: Duration = Duration::from_secs(2);

/// Makes a client for each peer.
#[derive(Clone)]
pub(crate) struct PeerClients {
    pub(crate) node: NodeId,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) snapshot_piece_bytes: u64,
    pub(crate) awaited: Arc<Awaited>,
}

impl RaftNetworkFactory<TypeConfig> for PeerClients {
    type Network = PeerClient;

    async fn new_client(&mut self, target: u64, _address: &PeerAddress) -> PeerClient {
        PeerClient { clients: self.clone(), peer: NodeId(target) }
    }
}

/// Calls to one peer. The transport knows by itself how to reach it.
pub(crate) struct PeerClient {
    clients: PeerClients,
    peer: NodeId,
}

pub(super) type RpcError = RPCError<TypeConfig>;

impl PeerClient {
    async fn call(&self, action: RPCTypes, request: Bytes, timeout: Duration) -> Result<Bytes, RpcError> {
        let call = self.clients.transport.call(self.peer, Lane::Raft, request, timeout);
        match tokio::time::timeout(timeout, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error @ TransportError::Unreachable { .. })) => Err(Unreachable::new(&error).into()),
            Ok(Err(error @ TransportError::Unknown { .. })) => Err(NetworkError::new(&error).into()),
            Err(_) => Err(Timeout { action, id: self.clients.node.0, target: self.peer.0, timeout }.into()),
        }
    }

    /// Returns as soon as the peer waits for a commit beyond `told`.
    pub(super) async fn awaits_beyond(&self, told: u64) {
        self.clients.awaited.beyond(self.peer, told).await;
    }

    pub(super) async fn append(
        &self,
        encoded: Result<Bytes, WireError>,
    ) -> Result<AppendEntriesResponse<TypeConfig>, RpcError> {
        let answer = self.call(RPCTypes::AppendEntries, encoded.map_err(malformed)?, APPEND_TIMEOUT).await?;
        wire::accept_answer(&answer).map_err(malformed)
    }
}

fn malformed(error: WireError) -> RpcError {
    // Asking again at once would bring the same answer: back off.
    Unreachable::new(&error).into()
}

impl RaftNetworkV2<TypeConfig> for PeerClient {
    type SnapshotData = SnapshotFile;

    async fn append_entries(
        &mut self,
        request: AppendEntriesRequest<TypeConfig>,
        _option: RPCOption,
    ) -> Result<AppendEntriesResponse<TypeConfig>, RpcError> {
        self.append(wire::encode_append(&request)).await
    }

    fn stream_append<'s, S>(
        &'s mut self,
        requests: S,
        _option: RPCOption,
    ) -> BoxFuture<'s, Result<BoxStream<'s, Result<StreamAppendResult<TypeConfig>, RpcError>>, RpcError>>
    where
        S: Stream<Item = AppendEntriesRequest<TypeConfig>> + OptionalSend + Unpin + 'static,
    {
        Box::pin(async move { Ok(pipeline::stream_append(self, requests)) })
    }

    async fn vote(
        &mut self,
        request: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RpcError> {
        let message = wire::request(Kind::Vote, &request).map_err(malformed)?;
        let answer = self.call(RPCTypes::Vote, message, option.hard_ttl()).await?;
        wire::accept_answer(&answer).map_err(malformed)
    }

    async fn pre_vote(
        &mut self,
        request: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RpcError> {
        let message = wire::request(Kind::PreVote, &request).map_err(malformed)?;
        let answer = self.call(RPCTypes::Vote, message, option.hard_ttl()).await?;
        wire::accept_answer(&answer).map_err(malformed)
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot<crate::types::CommittedLeaderId, u64, PeerAddress, SnapshotFile>,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        let piece_bytes = self.clients.snapshot_piece_bytes;
        let disk = snapshot.snapshot;
        let call = |message, timeout| self.call(RPCTypes::InstallSnapshot, message, timeout);
        let send = snapshot_sender::send(vote, disk, self.clients.node, piece_bytes, call);
        tokio::select! {
            biased;
            closed = cancel => Err(closed.into()),
            sent = send => sent,
        }
    }

    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<TypeConfig>, RpcError> {
        let message = wire::request(Kind::TransferLeader, &request).map_err(malformed)?;
        let answer = self.call(RPCTypes::TransferLeader, message, option.hard_ttl()).await?;
        wire::accept_answer(&answer).map_err(malformed)
    }
}
