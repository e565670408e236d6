//! Sends the chunks of one blob to several nodes while they come. A slow node slows the source down; one that stands still or
//! fails is given up.

use std::{pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use flotilla_model::{BlobId, NodeId};
use futures::{future::join_all, stream};
use tokio::{runtime::Handle, sync::mpsc, task::JoinHandle, time::timeout};

use crate::{BlobDigest, ChunkStream, FilesConfig, ReplicaError, Replicator, StreamError};

/// What goes to one node. The end is said: a channel that closes without it means that the upload was given up.
enum Piece {
    Chunk(Bytes),
    End,
}

struct Target {
    node: NodeId,
    pieces: mpsc::Sender<Piece>,
    sending: JoinHandle<Result<BlobDigest, ReplicaError>>,
    failure: Option<ReplicaError>,
}

/// Dropped before its end, every node discards what it got.
pub(crate) struct FanOut {
    targets: Vec<Target>,
    config: FilesConfig,
}

impl FanOut {
    pub(crate) fn start(
        replicator: &Arc<dyn Replicator>,
        runtime: &Handle,
        config: &FilesConfig,
        blob: BlobId,
        length: Option<u64>,
        nodes: &[NodeId],
    ) -> Self {
        let begin = |&node: &NodeId| {
            let (pieces, waiting) = mpsc::channel(config.replica_queue_chunks.max(1));
            let replicator = Arc::clone(replicator);
            let sending = runtime.spawn(async move { replicator.put(node, blob, length, chunks_of(waiting)).await });
            Target { node, pieces, sending, failure: None }
        };
        Self { targets: nodes.iter().map(begin).collect(), config: config.clone() }
    }

    /// Nodes that have not failed so far.
    pub(crate) fn alive(&self) -> usize {
        self.targets.iter().filter(|target| target.failure.is_none()).count()
    }

    /// Gives every node the chunk; returns when all have room for the next.
    pub(crate) async fn send(&mut self, chunk: &Bytes) {
        for target in self.targets.iter_mut().filter(|target| target.failure.is_none()) {
            target.send(Piece::Chunk(chunk.clone()), self.config.replica_stall_timeout).await;
        }
    }

    /// Says that all bytes were sent; gives what each node will answer when they are durable there. A confirmation that is
    /// dropped gives its node up.
    pub(crate) async fn end(mut self) -> Vec<Confirmation> {
        let stall_timeout = self.config.replica_stall_timeout;
        let alive = self.targets.iter_mut().filter(|target| target.failure.is_none());
        join_all(alive.map(|target| target.send(Piece::End, stall_timeout))).await;
        let limit = self.config.replica_finish_timeout;
        self.targets.into_iter().map(|target| -> Confirmation { Box::pin(target.confirm(limit)) }).collect()
    }
}

/// A node, and what it made durable.
pub(crate) type Confirmation = Pin<Box<dyn Future<Output = (NodeId, Result<BlobDigest, ReplicaError>)> + Send>>;

impl Target {
    async fn send(&mut self, piece: Piece, stall_timeout: Duration) {
        match timeout(stall_timeout, self.pieces.send(piece)).await {
            Ok(Ok(())) => {}
            // The reason is the result of the sending task.
            Ok(Err(_)) => self.failure = Some(ReplicaError::Unreachable("it stopped taking bytes".into())),
            Err(_) => self.failure = Some(ReplicaError::Stalled),
        }
    }

    async fn confirm(mut self, limit: Duration) -> (NodeId, Result<BlobDigest, ReplicaError>) {
        let result = match &self.failure {
            Some(ReplicaError::Stalled) => Err(ReplicaError::Stalled),
            failure => match timeout(limit, &mut self.sending).await {
                // It answered before it had all bytes.
                Ok(Ok(Ok(_))) if failure.is_some() => Err(ReplicaError::Mismatch),
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(ReplicaError::Unreachable("the sending task ended".into())),
                Err(_) => Err(ReplicaError::Stalled),
            },
        };
        (self.node, result)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.sending.abort();
    }
}

fn chunks_of(waiting: mpsc::Receiver<Piece>) -> ChunkStream {
    Box::pin(stream::unfold(Some(waiting), |waiting| async move {
        let mut waiting = waiting?;
        match waiting.recv().await {
            Some(Piece::Chunk(chunk)) => Some((Ok(chunk), Some(waiting))),
            Some(Piece::End) => None,
            None => Some((Err(StreamError::Aborted("upload was given up".into())), None)),
        }
    }))
}
