//! Blobs to and from other nodes, over the mesh's bulk lane.

use std::time::Duration;

use async_trait::async_trait;
use flotilla_files::{BlobDigest, ByteRange, ChunkStream, ReplicaError, Replicator, StreamError};
use flotilla_mesh::{CallError, Lane, Mesh, Refusal};
use flotilla_model::{BlobId, NodeId};
use futures::StreamExt;
use tokio::time::timeout;

use super::doors::{GetHeader, PutHeader, REMOVE_BLOB, decode, encode};
use super::transport::tagged;

const REMOVE_DEADLINE: Duration = Duration::from_secs(5);
/// What comes within this goes out together.
const TOGETHER: Duration = Duration::from_millis(20);
const CODE_ABANDONED: u16 = 499;
const CODE_NOT_FOUND: u16 = 404;

/// The replicator over the mesh.
pub(crate) struct Replicas(pub(crate) Mesh);

fn failure(error: CallError) -> ReplicaError {
    match error {
        CallError::Refused(refusal) if refusal.code == CODE_NOT_FOUND => ReplicaError::NotFound,
        CallError::Refused(refusal) => ReplicaError::Refused(refusal.text),
        other => ReplicaError::Unreachable(other.to_string()),
    }
}

fn unreadable(error: impl ToString) -> ReplicaError {
    ReplicaError::Refused(error.to_string())
}

#[async_trait]
impl Replicator for Replicas {
    async fn put(
        &self,
        node: NodeId,
        blob: BlobId,
        length: Option<u64>,
        mut chunks: ChunkStream,
    ) -> Result<BlobDigest, ReplicaError> {
        let header = encode(&PutHeader { blob, length }).map_err(unreadable)?;
        let mut stream = self.0.upload(node, header).await.map_err(failure)?;
        loop {
            let chunk = match timeout(TOGETHER, chunks.next()).await {
                Ok(chunk) => chunk,
                // A slow sender's bytes must not wait here until the other node takes the silence for a dead connection.
                Err(_) => {
                    stream.flush().await.map_err(|error| failure(error.into()))?;
                    chunks.next().await
                }
            };
            let Some(chunk) = chunk else { break };
            match chunk {
                Ok(chunk) => stream.send(chunk).await.map_err(|error| failure(error.into()))?,
                Err(error) => {
                    stream.abort(Refusal::new(CODE_ABANDONED, error.to_string())).await;
                    return Err(ReplicaError::Refused(error.to_string()));
                }
            }
        }
        let answer = stream.finish().await.map_err(failure)?;
        decode(&answer, "the digest").map_err(unreadable)
    }

    async fn get(&self, node: NodeId, blob: BlobId, range: ByteRange) -> Result<ChunkStream, ReplicaError> {
        let header = encode(&GetHeader { blob, range }).map_err(unreadable)?;
        let (_digest, reader) = self.0.download(node, header).await.map_err(failure)?;
        let stream = futures::stream::unfold(Some(reader), |reader| async move {
            let mut reader = reader?;
            match reader.next().await {
                Ok(Some(chunk)) => Some((Ok(chunk), Some(reader))),
                Ok(None) => None,
                Err(error) => Some((Err(StreamError::Replica(failure(error.into()))), None)),
            }
        });
        Ok(stream.boxed())
    }

    async fn remove(&self, node: NodeId, blob: BlobId) -> Result<(), ReplicaError> {
        let request = tagged(REMOVE_BLOB, &encode(&blob).map_err(unreadable)?);
        self.0.call(node, Lane::Control, request, REMOVE_DEADLINE).await.map(|_| ()).map_err(failure)
    }
}
