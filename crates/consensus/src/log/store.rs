//! The log as openraft wants it.

use std::io;
use std::sync::Arc;

use openraft::storage::{IOFlushed, RaftLogStorage};
use openraft::{LogState, OptionalSend};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::index::{Gap, Index};
use super::operation::{Operation, Request};
use super::pump::{Pump, QUEUE_OPERATIONS};
use super::recovery::recover;
use super::shared::Shared;
use super::writer::Writer;
use super::{LogError, LogReader};
use crate::disk::Disk;
use crate::types::{Entry, LogId, TypeConfig, Vote};

/// Sizes of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogSettings {
    /// Size of a segment. Purging frees whole segments.
    pub(crate) segment_bytes: u64,
    /// Recent entries kept in memory.
    pub(crate) cache_bytes: usize,
}

/// A handle of the log; clones share it. The writer ends with the last one.
#[derive(Clone)]
pub(crate) struct LogStore {
    shared: Arc<Shared>,
    queue: mpsc::Sender<Request>,
    pump: Arc<Mutex<Option<Pump>>>,
}

impl LogStore {
    /// Recovers the log of a disk. Blocks while reading. Returns how many bytes of a cut-off write were dropped, too.
    pub(crate) fn open(disk: Arc<dyn Disk>, settings: LogSettings) -> Result<(Self, u64), LogError> {
        let mut recovered = recover(disk.as_ref(), Index::new(settings.cache_bytes))?;
        let cut_bytes = recovered.cut_bytes;
        let shared = Arc::new(Shared::new(std::mem::take(&mut recovered.index)));
        let writer = Writer::new(Arc::clone(&disk), Arc::clone(&shared), recovered, settings.segment_bytes);
        let (queue, receiver) = mpsc::channel(QUEUE_OPERATIONS);
        let pump =
            Pump::start(disk.as_ref(), writer, receiver).map_err(LogError::io("start the writer of", "the log"))?;
        Ok((Self { shared, queue, pump: Arc::new(Mutex::new(Some(pump))) }, cut_bytes))
    }

    pub(crate) fn reader(&self) -> LogReader {
        LogReader::new(Arc::clone(&self.shared))
    }

    /// Why the log cannot be written any more, if so.
    pub(crate) fn failure(&self) -> Option<String> {
        self.shared.failure()
    }

    /// How many times the log was synced.
    pub(crate) fn syncs(&self) -> u64 {
        self.shared.syncs()
    }

    /// Index of the last entry that was dropped at the head.
    pub(crate) fn purged_index(&self) -> Option<u64> {
        self.shared.index().purged.map(|id| id.index)
    }

    /// Makes everything durable and waits for the writer's end. Nothing can be written afterwards.
    pub(crate) async fn close(&self) -> io::Result<()> {
        let Some(pump) = self.pump.lock().take() else { return Ok(()) };
        let flushed = self.ask(|done| Operation::Close { done }).await;
        pump.ended().await;
        flushed
    }

    async fn send(&self, operation: Operation) -> io::Result<()> {
        let committed = self.shared.index().committed;
        self.queue.send(Request { operation, committed }).await.map_err(|_| ended())
    }

    async fn ask(&self, operation: impl FnOnce(oneshot::Sender<io::Result<()>>) -> Operation) -> io::Result<()> {
        let (done, result) = oneshot::channel();
        self.send(operation(done)).await?;
        result.await.map_err(|_| ended())?
    }
}

fn ended() -> io::Error {
    io::Error::other("the writer of the log has ended")
}

impl RaftLogStorage<TypeConfig> for LogStore {
    type LogReader = LogReader;

    async fn get_log_state(&mut self) -> Result<LogState<TypeConfig>, io::Error> {
        let index = self.shared.index();
        Ok(LogState { last_purged_log_id: index.purged, last_log_id: index.last_log_id() })
    }

    async fn get_log_reader(&mut self) -> LogReader {
        self.reader()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), io::Error> {
        self.shared.index().vote = Some(*vote);
        self.ask(|done| Operation::SaveVote { vote: *vote, done }).await
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), io::Error> {
        self.shared.index().committed = committed;
        Ok(())
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, io::Error> {
        Ok(self.shared.index().committed)
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<TypeConfig>) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries: Vec<_> = entries.into_iter().collect();
        self.shared.check()?;
        {
            let mut index = self.shared.index();
            for entry in &entries {
                let pushed = index.push_new(entry.clone());
                pushed.map_err(|Gap { expected }| io::Error::other(format!("entry {expected} is missing")))?;
            }
        }
        self.send(Operation::Append { entries, callback }).await
    }

    async fn truncate_after(&mut self, last_log_id: Option<LogId>) -> Result<(), io::Error> {
        self.shared.index().truncate_after(last_log_id);
        self.send(Operation::TruncateAfter(last_log_id)).await
    }

    async fn purge(&mut self, log_id: LogId) -> Result<(), io::Error> {
        self.shared.index().purge(log_id);
        self.send(Operation::Purge(log_id)).await
    }
}
