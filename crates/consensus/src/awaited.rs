//! Which followers wait for a commit: one that has forwarded a batch, or has asked how far to read, goes on when it has
//! applied that entry. To them the primary tells a commit at once; to the others with the next entries.

use std::collections::HashMap;
use std::sync::Arc;

use flotilla_model::NodeId;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// What the followers of this node wait for.
#[derive(Default)]
pub(crate) struct Awaited {
    peers: Mutex<HashMap<NodeId, Waiting>>,
    changed: Notify,
}

#[derive(Default)]
struct Waiting {
    /// Batches of this peer that are under way here.
    batches: usize,
    /// The last entry that it is known to wait for.
    index: u64,
}

/// A batch of a peer that is under way here.
pub(crate) struct ForwardedBatch {
    awaited: Arc<Awaited>,
    peer: NodeId,
}

impl Awaited {
    /// A batch of `peer` is under way until the value is dropped.
    pub(crate) fn batch(self: &Arc<Self>, peer: NodeId) -> ForwardedBatch {
        self.change(peer, |waiting| waiting.batches += 1);
        ForwardedBatch { awaited: Arc::clone(self), peer }
    }

    /// `peer` waits for the entry at `index`.
    pub(crate) fn entry(&self, peer: NodeId, index: u64) {
        self.change(peer, |waiting| waiting.index = waiting.index.max(index));
    }

    /// Returns as soon as `peer` waits for a commit beyond `told`, or may do so.
    pub(crate) async fn beyond(&self, peer: NodeId, told: u64) {
        loop {
            let changed = self.changed.notified();
            let waits = |waiting: &Waiting| waiting.batches > 0 || waiting.index > told;
            if self.peers.lock().get(&peer).is_some_and(waits) {
                return;
            }
            changed.await;
        }
    }

    fn change(&self, peer: NodeId, change: impl FnOnce(&mut Waiting)) {
        change(self.peers.lock().entry(peer).or_default());
        self.changed.notify_waiters();
    }
}

impl ForwardedBatch {
    /// It was applied here, at `index`.
    pub(crate) fn applied(&self, index: u64) {
        self.awaited.entry(self.peer, index);
    }
}

impl Drop for ForwardedBatch {
    fn drop(&mut self) {
        // There is less to wait for: nobody need be told.
        if let Some(waiting) = self.awaited.peers.lock().get_mut(&self.peer) {
            waiting.batches -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_commit_is_awaited_by_who_forwarded_a_batch_or_asked_to_read() {
        let (reader, sender, idle) = (NodeId(1), NodeId(2), NodeId(3));
        let awaited = Arc::new(Awaited::default());
        let waits = |peer, told| awaited.beyond(peer, told).now_or_never().is_some();
        assert!(!waits(reader, 0) && !waits(sender, 0));

        awaited.entry(reader, 7);
        awaited.entry(reader, 5);
        assert!(waits(reader, 6) && !waits(reader, 7));

        let batch = awaited.batch(sender);
        assert!(waits(sender, 100), "its entry is not known yet");
        batch.applied(101);
        drop(batch);
        assert!(waits(sender, 100) && !waits(sender, 101) && !waits(idle, 0));

        // It waits already when the entry becomes known.
        let later = timeout(Duration::from_secs(1), awaited.beyond(reader, 7));
        let (woken, ()) = tokio::join!(later, async { awaited.entry(reader, 8) });
        woken.unwrap();
    }
}
