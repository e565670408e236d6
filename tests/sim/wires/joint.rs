//! Consensus over the mesh and back. The node's own joint also serves files, which are no part of this simulation.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flotilla_consensus::{Consensus, Lane, Transport, TransportError};
use flotilla_mesh::{CallError, Handler, Mesh, Refusal};
use flotilla_model::NodeId;

pub(super) struct MeshTransport(pub(super) Mesh);

#[async_trait]
impl Transport for MeshTransport {
    async fn call(&self, to: NodeId, lane: Lane, request: Bytes, deadline: Duration) -> Result<Bytes, TransportError> {
        let lane = match lane {
            Lane::Raft => flotilla_mesh::Lane::Raft,
            Lane::Control => flotilla_mesh::Lane::Control,
        };
        self.0.call(to, lane, request, deadline).await.map_err(|error| match error {
            CallError::NotSent(_) => TransportError::Unreachable { reason: error.to_string() },
            CallError::Unknown(_) | CallError::Refused(_) => TransportError::Unknown { reason: error.to_string() },
        })
    }
}

/// Closed until the consensus is there, as a starting node's is.
#[derive(Clone, Default)]
pub(super) struct Door(pub(super) Arc<OnceLock<Consensus>>);

#[async_trait]
impl Handler for Door {
    async fn request(&self, from: NodeId, lane: flotilla_mesh::Lane, body: Bytes) -> Result<Bytes, Refusal> {
        let lane = match lane {
            flotilla_mesh::Lane::Raft => Lane::Raft,
            flotilla_mesh::Lane::Control => Lane::Control,
            other => return Err(Refusal::new(400, format!("nothing is asked on the lane {other:?}"))),
        };
        let consensus = self.0.get().ok_or_else(|| Refusal::new(503, "the node is starting"))?;
        Ok(consensus.handle(from, lane, body).await)
    }
}
