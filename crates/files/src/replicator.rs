//! The port to the blobs of other nodes, implemented over the mesh where the node is put together.

use async_trait::async_trait;
use flotilla_model::{BlobId, NodeId};

use crate::{BlobDigest, ByteRange, ChunkStream, ReplicaError};

#[async_trait]
pub trait Replicator: Send + Sync + 'static {
    /// Sends the chunks of a blob to a node, which answers when they are durable there, with what it computed over them. When the
    /// stream ends in an error, or the future is dropped, the node must discard what came.
    async fn put(
        &self,
        node: NodeId,
        blob: BlobId,
        length: Option<u64>,
        chunks: ChunkStream,
    ) -> Result<BlobDigest, ReplicaError>;

    /// Fetches a part of a blob from a node.
    async fn get(&self, node: NodeId, blob: BlobId, range: ByteRange) -> Result<ChunkStream, ReplicaError>;

    /// Removes a blob on a node; done too when it has none.
    async fn remove(&self, node: NodeId, blob: BlobId) -> Result<(), ReplicaError>;
}
