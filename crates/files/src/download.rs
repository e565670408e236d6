//! Reads a part of a blob from wherever it is, and goes on elsewhere when a source fails in the middle.

use std::{collections::VecDeque, ops::Range};

use bytes::Bytes;
use flotilla_model::{BlobId, NodeId};
use futures::{StreamExt, stream};
use tokio::time::timeout;

use crate::{
    BlobDigest, ByteRange, ChunkStream, Counters, Files, ReadError, ReplicaError, StreamError, stream::Hasher,
};

#[derive(Clone, Debug)]
pub struct ReadRequest {
    pub blob: BlobId,
    /// Checksum and length, as the state has them.
    pub digest: BlobDigest,
    pub range: ByteRange,
    /// Nodes that hold the blob, best first.
    pub holders: Vec<NodeId>,
}

/// Bytes on their way.
pub struct Download {
    pub length: u64,
    pub chunks: ChunkStream,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Local,
    Node(NodeId),
}

struct State {
    files: Files,
    blob: BlobId,
    digest: BlobDigest,
    range: Range<u64>,
    position: u64,
    untried: VecDeque<Origin>,
    current: ChunkStream,
    /// Present when the whole blob came from other nodes: then it is checked before its last bytes are given out.
    hasher: Option<Hasher>,
    ended: bool,
}

pub(crate) async fn read(files: &Files, request: ReadRequest) -> Result<Download, ReadError> {
    let length = request.digest.length;
    let range = request.range.within(length).ok_or(ReadError::InvalidRange { length })?;
    let mut untried: VecDeque<Origin> = VecDeque::new();
    if files.store.contains(request.blob) {
        untried.push_back(Origin::Local);
    }
    untried.extend(request.holders.iter().filter(|node| **node != files.node).map(|node| Origin::Node(*node)));
    let tried = untried.len();
    let Some((current, origin)) = open_next(files, request.blob, range.clone(), &mut untried).await else {
        return Err(ReadError::NoHolder { tried });
    };
    let whole = range == (0..length);
    let state = State {
        files: files.clone(),
        blob: request.blob,
        digest: request.digest,
        position: range.start,
        untried,
        current,
        hasher: (whole && origin != Origin::Local).then(Hasher::new),
        ended: range.is_empty(),
        range: range.clone(),
    };
    Ok(Download { length: range.end - range.start, chunks: Box::pin(stream::unfold(state, next_chunk)) })
}

async fn next_chunk(mut state: State) -> Option<(Result<Bytes, StreamError>, State)> {
    if state.ended {
        return None;
    }
    let result = state.advance().await;
    state.ended = result.is_err() || state.position == state.range.end;
    Some((result, state))
}

impl State {
    async fn advance(&mut self) -> Result<Bytes, StreamError> {
        loop {
            let error = match timeout(self.files.config.replica_stall_timeout, self.current.next()).await {
                Ok(Some(Ok(chunk))) if chunk.is_empty() => continue,
                Ok(Some(Ok(chunk))) => return self.take(chunk),
                Ok(Some(Err(error))) => error,
                Ok(None) => StreamError::Aborted("it ended before the last byte".into()),
                Err(_) => ReplicaError::Stalled.into(),
            };
            tracing::warn!(blob = %self.blob, %error, position = self.position, "a source failed in the middle of a download");
            let rest = self.position..self.range.end;
            let Some((next, _)) = open_next(&self.files, self.blob, rest, &mut self.untried).await else {
                return Err(error);
            };
            Counters::add(&self.files.store.counters().read_failovers, 1);
            self.current = next;
        }
    }

    fn take(&mut self, mut chunk: Bytes) -> Result<Bytes, StreamError> {
        let rest = self.range.end - self.position;
        chunk.truncate(usize::try_from(rest).unwrap_or(usize::MAX).min(chunk.len()));
        self.position += chunk.len() as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&chunk);
        }
        if self.position == self.range.end
            && let Some(hasher) = self.hasher.take()
            && hasher.finish() != self.digest
        {
            Counters::add(&self.files.store.counters().corrupt_found, 1);
            return Err(StreamError::Damaged { blob: self.blob });
        }
        Ok(chunk)
    }
}

async fn open_next(
    files: &Files,
    blob: BlobId,
    range: Range<u64>,
    untried: &mut VecDeque<Origin>,
) -> Option<(ChunkStream, Origin)> {
    while let Some(origin) = untried.pop_front() {
        match open(files, blob, ByteRange::new(range.clone()), origin).await {
            Ok(chunks) => return Some((chunks, origin)),
            Err(error) => tracing::warn!(%blob, ?origin, %error, "a source could not give a blob"),
        }
    }
    None
}

async fn open(files: &Files, blob: BlobId, range: ByteRange, origin: Origin) -> Result<ChunkStream, StreamError> {
    match origin {
        Origin::Local => Ok(files.store.reader(blob).await?.stream(range)?),
        Origin::Node(node) => {
            let opening = files.replicator.get(node, blob, range);
            Ok(timeout(files.config.replica_stall_timeout, opening).await.map_err(|_| ReplicaError::Stalled)??)
        }
    }
}
