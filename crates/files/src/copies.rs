//! The end of an upload: waits until enough nodes have confirmed their copy. A spare node gets one when another failed, and
//! also when another takes long to answer: a node that stands still must not hold up every upload until it is declared lost.

use flotilla_model::{BlobId, NodeId};
use futures::{StreamExt, future::FutureExt, stream::FuturesUnordered};
use tokio::time::{Instant, sleep_until};

use crate::{BlobDigest, ByteRange, Counters, Files, ReplicaError, StreamError, fan_out::Confirmation};

pub(crate) struct Copies<'a> {
    files: &'a Files,
    blob: BlobId,
    digest: BlobDigest,
    /// Nodes that were sent the bytes and have not answered.
    open: Vec<NodeId>,
    confirmations: FuturesUnordered<Confirmation>,
    /// Nodes that hold the blob.
    good: Vec<NodeId>,
}

impl<'a> Copies<'a> {
    pub(crate) fn new(
        files: &'a Files,
        blob: BlobId,
        digest: BlobDigest,
        open: Vec<NodeId>,
        confirmations: Vec<Confirmation>,
    ) -> Self {
        Self { files, blob, digest, open, confirmations: confirmations.into_iter().collect(), good: vec![files.node] }
    }

    /// The nodes that hold the blob, this one first: `wanted` of them, or all that there can be.
    pub(crate) async fn settle(mut self, spare: Vec<NodeId>, wanted: usize) -> Vec<NodeId> {
        let mut spare = spare.into_iter();
        let mut patience_ends = Instant::now() + self.files.config.replica_patience;
        while self.good.len() < wanted {
            tokio::select! {
                Some((node, result)) = self.confirmations.next() => {
                    if !self.enter(node, result)
                        && let Some(node) = spare.next()
                    {
                        self.send_again(node);
                    }
                }
                () = sleep_until(patience_ends), if spare.len() > 0 => {
                    if let Some(node) = spare.next() {
                        tracing::info!(slow = ?self.open, spare = %node, blob = %self.blob, "sends a copy to a spare node");
                        self.send_again(node);
                    }
                    patience_ends = Instant::now() + self.files.config.replica_patience;
                }
                else => break,
            }
        }
        // The others are given up with their confirmations; what they may have stored meanwhile goes.
        self.files.remove_everywhere(self.blob, self.open);
        self.good
    }

    /// Notes an answer; says whether it is the right one.
    fn enter(&mut self, node: NodeId, result: Result<BlobDigest, ReplicaError>) -> bool {
        self.open.retain(|open| *open != node);
        match result.and_then(|copy| if copy == self.digest { Ok(()) } else { Err(ReplicaError::Mismatch) }) {
            Ok(()) => {
                self.good.push(node);
                true
            }
            Err(error) => {
                tracing::warn!(%node, blob = %self.blob, %error, "a node did not take its copy");
                Counters::add(&self.files.store.counters().replica_failures, 1);
                self.files.remove_everywhere(self.blob, vec![node]);
                false
            }
        }
    }

    /// Sends the finished blob from the local disk.
    fn send_again(&mut self, node: NodeId) {
        Counters::add(&self.files.store.counters().replica_replays, 1);
        self.open.push(node);
        let (files, blob, digest) = (self.files.clone(), self.blob, self.digest);
        let sending = async move {
            match send_copy(&files, blob, digest, node).await {
                Ok(confirmation) => confirmation.await,
                Err(error) => (node, Err(ReplicaError::Unreachable(error.to_string()))),
            }
        };
        self.confirmations.push(sending.boxed());
    }
}

async fn send_copy(files: &Files, blob: BlobId, digest: BlobDigest, node: NodeId) -> Result<Confirmation, StreamError> {
    let mut chunks = files.store.reader(blob).await?.stream(ByteRange::ALL)?;
    let mut fan_out = files.fan_out(blob, Some(digest.length), &[node]);
    while let Some(chunk) = chunks.next().await {
        fan_out.send(&chunk?).await;
        if fan_out.alive() == 0 {
            break;
        }
    }
    fan_out.end().await.pop().ok_or_else(|| StreamError::Aborted("there is no node to send to".into()))
}
