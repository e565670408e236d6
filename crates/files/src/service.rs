//! The other end of [`Replicator`](crate::Replicator): what a node does when another one asks for its blobs.

use bytes::Bytes;
use flotilla_model::BlobId;
use futures::{Stream, StreamExt};

use crate::{BlobDigest, BlobStore, ByteRange, ChunkStream, StoreError, StreamError};

#[derive(Clone)]
pub struct FileService {
    store: BlobStore,
}

impl FileService {
    pub fn new(store: BlobStore) -> Self {
        Self { store }
    }

    /// Stores a copy; answers when it is durable. A stream that breaks off leaves nothing.
    pub async fn handle_put(
        &self,
        blob: BlobId,
        length: Option<u64>,
        mut chunks: impl Stream<Item = Result<Bytes, StreamError>> + Send + Unpin,
    ) -> Result<BlobDigest, StreamError> {
        let mut writer = self.store.writer(blob, length)?;
        while let Some(chunk) = chunks.next().await {
            writer.write(chunk?).await?;
        }
        Ok(writer.finish(None).await?)
    }

    pub async fn handle_get(&self, blob: BlobId, range: ByteRange) -> Result<(BlobDigest, ChunkStream), StoreError> {
        let reader = self.store.reader(blob).await?;
        Ok((reader.digest(), reader.stream(range)?))
    }

    /// Says whether the blob was here. A copy that is still being stored ends in an error.
    pub async fn handle_remove(&self, blob: BlobId) -> Result<bool, StoreError> {
        self.store.delete_for_good(blob).await
    }
}
