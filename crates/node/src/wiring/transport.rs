//! Raft's calls to other nodes, over the mesh.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flotilla_consensus::{Lane, Transport, TransportError};
use flotilla_mesh::{CallError, Mesh};
use flotilla_model::NodeId;

use super::doors::CONSENSUS;

/// Set once the mesh is there: the consensus is built before it may dial anybody.
pub(crate) struct MeshTransport(pub(crate) Mesh);

#[async_trait]
impl Transport for MeshTransport {
    async fn call(&self, to: NodeId, lane: Lane, request: Bytes, deadline: Duration) -> Result<Bytes, TransportError> {
        let (lane, request) = match lane {
            Lane::Raft => (flotilla_mesh::Lane::Raft, request),
            Lane::Control => (flotilla_mesh::Lane::Control, tagged(CONSENSUS, &request)),
        };
        self.0.call(to, lane, request, deadline).await.map_err(|error| match error {
            CallError::NotSent(_) => TransportError::Unreachable { reason: error.to_string() },
            CallError::Unknown(_) | CallError::Refused(_) => TransportError::Unknown { reason: error.to_string() },
        })
    }
}

/// A request of the control lane, with the tag that says whose it is.
pub(super) fn tagged(tag: u8, body: &[u8]) -> Bytes {
    let mut bytes = Vec::with_capacity(body.len() + 1);
    bytes.push(tag);
    bytes.extend_from_slice(body);
    bytes.into()
}
