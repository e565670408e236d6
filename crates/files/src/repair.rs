//! Makes a missing or damaged local copy good from another node.

use std::sync::Arc;

use flotilla_model::{BlobId, NodeId};
use futures::StreamExt;
use tokio::time::timeout;

use crate::{BlobDigest, ByteRange, Counters, Files, RepairError, ReplicaError, StoreError, StreamError};

/// A copy that is durable here, with the right checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repaired {
    pub from: NodeId,
    pub digest: BlobDigest,
}

pub(crate) async fn repair(
    files: &Files,
    blob: BlobId,
    expected: BlobDigest,
    holders: &[NodeId],
) -> Result<Repaired, RepairError> {
    let mut last = RepairError::NoCandidate;
    for &node in holders.iter().filter(|node| **node != files.node) {
        match fetch(files, blob, expected, node).await {
            Ok(digest) => {
                let counters = files.store.counters();
                Counters::add(&counters.repaired_blobs, 1);
                Counters::add(&counters.repaired_bytes, digest.length);
                return Ok(Repaired { from: node, digest });
            }
            // The disk is at fault, not the holder: another would not help.
            Err(StreamError::Store(error)) if !matches!(error, StoreError::Mismatch { .. }) => return Err(error.into()),
            Err(source) => {
                tracing::warn!(%blob, %node, error = %source, "could not repair a blob from a node");
                last = RepairError::NoHolder { node, source };
            }
        }
    }
    Err(last)
}

async fn fetch(files: &Files, blob: BlobId, expected: BlobDigest, node: NodeId) -> Result<BlobDigest, StreamError> {
    let stall_timeout = files.config.replica_stall_timeout;
    let opening = files.replicator.get(node, blob, ByteRange::ALL);
    let mut chunks = timeout(stall_timeout, opening).await.map_err(|_| ReplicaError::Stalled)??;
    let mut writer = files.store.replacing_writer(blob, Some(expected.length))?;
    let limiter = Arc::clone(&files.background);
    let mut length = 0;
    while let Some(chunk) = timeout(stall_timeout, chunks.next()).await.map_err(|_| ReplicaError::Stalled)? {
        // An error of the holder's disk is not one of ours.
        let chunk = chunk.map_err(|error| StreamError::Aborted(error.to_string()))?;
        length += chunk.len() as u64;
        if length > expected.length {
            return Err(ReplicaError::Mismatch.into());
        }
        limiter.acquire(chunk.len() as u64).await;
        writer.write(chunk).await?;
    }
    Ok(writer.finish(Some(expected)).await?)
}
