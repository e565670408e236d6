//! One upload: to the local disk and, at the same time, to other nodes. It is done when enough of them have synced equal bytes.

use std::{mem, time::Duration};

use bytes::Bytes;
use flotilla_model::{BlobId, NodeId, Sha256};
use futures::{Stream, StreamExt};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::{
    BlobDigest, BlobWriter, Files, StoreError, UploadError, chunker::Chunker, copies::Copies, fan_out::FanOut,
};

/// How long bytes wait for the rest of their chunk before they go to the other nodes without it. A client of 1 kB/s fills a chunk in
/// a minute: the other nodes would take the silence for a dead connection long before.
const CHUNK_PATIENCE: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
pub struct UploadRequest {
    pub blob: BlobId,
    /// The length, if the client announced it. Another one is an error.
    pub length: Option<u64>,
    /// The checksum, if the client announced it.
    pub sha256: Option<Sha256>,
    /// More bytes than this are refused.
    pub limit_bytes: u64,
    /// Nodes that must hold the blob, this one included.
    pub replicas: usize,
    /// Other nodes that may hold it, best first; those beyond the needed ones stand in for failures.
    pub candidates: Vec<NodeId>,
}

/// An upload that is durable on `nodes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBlob {
    pub sha256: Sha256,
    pub length: u64,
    pub nodes: Vec<NodeId>,
}

pub(crate) async fn upload<S, E>(files: &Files, request: UploadRequest, source: S) -> Result<StoredBlob, UploadError>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if let Some(length) = request.length.filter(|length| *length > request.limit_bytes) {
        tracing::debug!(length, limit = request.limit_bytes, "refused an upload by its announced length");
        return Err(UploadError::TooLarge { limit_bytes: request.limit_bytes });
    }
    let mut candidates = candidates_of(files, &request);
    let wanted = request.replicas.max(1);
    if candidates.len() + 1 < wanted {
        return Err(UploadError::TooFewNodes { wanted, reached: candidates.len() + 1 });
    }
    let spare = candidates.split_off(wanted - 1);
    let mut writer = files.store.writer(request.blob, request.length)?;
    let mut fan_out = files.fan_out(request.blob, request.length, &candidates);
    let length =
        stream_in(files, &request, source, &mut writer, &mut fan_out, wanted.saturating_sub(spare.len() + 1)).await?;

    let expected = request.sha256.map(|sha256| BlobDigest { sha256, length });
    let (local, confirmations) = tokio::join!(writer.finish(expected), fan_out.end());
    let digest = match local {
        Ok(digest) => digest,
        Err(error) => {
            files.remove_everywhere(request.blob, candidates);
            return Err(match error {
                StoreError::Mismatch { actual, .. } => UploadError::WrongChecksum { actual },
                error => error.into(),
            });
        }
    };
    let nodes = Copies::new(files, request.blob, digest, candidates, confirmations).settle(spare, wanted).await;
    if nodes.len() < wanted {
        let reached = nodes.len();
        files.remove_everywhere(request.blob, nodes);
        files.store.delete(request.blob).await?;
        return Err(UploadError::TooFewNodes { wanted, reached });
    }
    Ok(StoredBlob { sha256: digest.sha256, length: digest.length, nodes })
}

fn candidates_of(files: &Files, request: &UploadRequest) -> Vec<NodeId> {
    let mut candidates = Vec::with_capacity(request.candidates.len());
    for &node in &request.candidates {
        if node != files.node && !candidates.contains(&node) {
            candidates.push(node);
        }
    }
    candidates
}

/// Moves the body to the disk and the nodes; gives its length. Ends early when fewer than `alive_min` nodes still take it.
async fn stream_in<S, E>(
    files: &Files,
    request: &UploadRequest,
    source: S,
    writer: &mut BlobWriter,
    fan_out: &mut FanOut,
    alive_min: usize,
) -> Result<u64, UploadError>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut source = std::pin::pin!(source);
    let mut chunker = Chunker::new(files.store.buffers().clone());
    let mut length = 0;
    // Of the chunk that is being filled, what the nodes have already.
    let mut ahead = 0;
    let mut ticks = interval_at(Instant::now() + CHUNK_PATIENCE, CHUNK_PATIENCE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let piece = tokio::select! {
            biased;
            piece = source.next() => piece,
            _ = ticks.tick(), if chunker.filling().len() > ahead => {
                // A copy: the disk gets the chunk whole and aligned.
                let early = Bytes::copy_from_slice(&chunker.filling()[ahead..]);
                ahead += early.len();
                send(fan_out, &early, request, alive_min).await?;
                continue;
            }
        };
        let Some(piece) = piece else { break };
        let mut piece = piece.map_err(|error| UploadError::Source(error.into()))?;
        length += piece.len() as u64;
        if length > request.limit_bytes {
            return Err(UploadError::TooLarge { limit_bytes: request.limit_bytes });
        }
        while let Some(chunk) = chunker.push(&mut piece) {
            send(fan_out, &chunk.slice(mem::take(&mut ahead)..), request, alive_min).await?;
            writer.write(chunk).await?;
        }
    }
    if let Some(announced) = request.length.filter(|announced| *announced != length) {
        return Err(UploadError::WrongLength { announced, actual: length });
    }
    if let Some(chunk) = chunker.finish() {
        let rest = chunk.slice(ahead..);
        if !rest.is_empty() {
            fan_out.send(&rest).await;
        }
        writer.write(chunk).await?;
    }
    Ok(length)
}

async fn send(
    fan_out: &mut FanOut,
    piece: &Bytes,
    request: &UploadRequest,
    alive_min: usize,
) -> Result<(), UploadError> {
    fan_out.send(piece).await;
    if fan_out.alive() < alive_min {
        return Err(UploadError::TooFewNodes { wanted: request.replicas, reached: fan_out.alive() + 1 });
    }
    Ok(())
}
