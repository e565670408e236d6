//! Makes names durable: one sync of a directory for all that wait for it.

use std::{fs::File, io, sync::Arc, thread};

use tokio::sync::{mpsc, oneshot};

use crate::{Counters, DiskGate, DiskOperation, StoreError};

/// Renames that wait for a sync. Each belongs to one upload, which waits; more uploads wait at the channel.
const QUEUE_BOUND: usize = 1024;

type Reply = oneshot::Sender<Result<(), StoreError>>;

pub(crate) struct DirectorySync {
    queue: mpsc::Sender<Reply>,
}

impl DirectorySync {
    /// The thread ends when the handle is dropped.
    pub(crate) fn start(directory: File, gate: Arc<dyn DiskGate>, counters: Arc<Counters>) -> io::Result<Self> {
        let (queue, mut waiting) = mpsc::channel::<Reply>(QUEUE_BOUND);
        thread::Builder::new().name("blob-directory".into()).spawn(move || {
            while let Some(first) = waiting.blocking_recv() {
                let mut replies = vec![first];
                while let Ok(reply) = waiting.try_recv() {
                    replies.push(reply);
                }
                Counters::add(&counters.directory_syncs, 1);
                let result = gate
                    .before(DiskOperation::Sync, 0)
                    .and_then(|()| directory.sync_all())
                    .map_err(StoreError::io("sync the blob directory"));
                for reply in replies {
                    // A receiver that is gone has given up its upload.
                    let _ = reply.send(result.clone());
                }
            }
        })?;
        Ok(Self { queue })
    }

    /// Returns when every rename before the call is durable.
    pub(crate) async fn sync(&self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(reply).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}
