//! Group commit of small blobs: whatever waits is laid out as one batch, written with one call and made durable with one sync.
//!
//! Each thread appends to a segment of its own, all take from one bounded queue; so while one waits for its sync, the next
//! batch gathers for another.

use std::{
    io, mem,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::{
    active_segment::ActiveSegment,
    batch::BatchBuffer,
    index::{Entry, Place},
    record::{RECORD_ALIGNMENT, RECORD_HEADER_BYTES, RecordHeader, record_span},
    shared::Shared,
};
use crate::{Counters, DiskOperation, StoreError};

/// A batch is cut here: beyond it, one write takes longer than its sync.
const BATCH_BYTES: usize = 2 << 20;

/// The most that may be configured as a small blob.
pub(crate) const SMALL_LIMIT_BYTES_MAX: u64 = 1 << 20;

/// How a finished blob enters the index.
#[derive(Clone, Debug)]
pub(crate) enum Entering {
    /// An equal blob that is there already is kept; a different one is a conflict.
    New,
    /// Takes the place of a damaged copy.
    Replacing,
    /// Moved by compaction, if it is still there.
    Moved(Place),
}

pub(crate) struct Append {
    pub(crate) header: RecordHeader,
    pub(crate) parts: Vec<Bytes>,
    pub(crate) entering: Entering,
    pub(crate) reply: oneshot::Sender<Result<(), StoreError>>,
}

pub(crate) struct Appenders {
    queue: Mutex<Option<mpsc::Sender<Append>>>,
    threads: Mutex<Vec<thread::JoinHandle<()>>>,
    next_generation: AtomicU32,
}

impl Appenders {
    /// `next_generation` must be above all that are on the disk.
    pub(crate) fn start(shared: &Arc<Shared>, next_generation: u32) -> io::Result<Self> {
        let (queue, waiting) = mpsc::channel(shared.config.appender_queue.max(1));
        let waiting = Arc::new(Mutex::new(waiting));
        let threads = (0..shared.config.appenders.max(1))
            .map(|number| {
                let (shared, waiting) = (Arc::clone(shared), Arc::clone(&waiting));
                thread::Builder::new()
                    .name(format!("blob-append-{number}"))
                    .spawn(move || Appender::new(shared).run(&waiting))
            })
            .collect::<io::Result<_>>()?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            threads: Mutex::new(threads),
            next_generation: next_generation.into(),
        })
    }

    /// Returns when the blob is durable and in the index.
    pub(crate) async fn append(
        &self,
        mut header: RecordHeader,
        parts: Vec<Bytes>,
        entering: Entering,
    ) -> Result<(), StoreError> {
        let queue = self.queue.lock().clone().ok_or(StoreError::Closed)?;
        if !matches!(entering, Entering::New) {
            header.generation = self.next_generation.fetch_add(1, Ordering::Relaxed);
        }
        let (reply, answer) = oneshot::channel();
        queue.send(Append { header, parts, entering, reply }).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Finishes what waits, seals the segments and ends the threads. Blocks.
    pub(crate) fn close(&self) {
        drop(self.queue.lock().take());
        for thread in mem::take(&mut *self.threads.lock()) {
            if thread.join().is_err() {
                tracing::error!("an appender of the blob store panicked");
            }
        }
    }
}

struct Appender {
    shared: Arc<Shared>,
    buffer: BatchBuffer,
    segment: Option<ActiveSegment>,
}

impl Appender {
    fn new(shared: Arc<Shared>) -> Self {
        let record_bytes = record_span(SMALL_LIMIT_BYTES_MAX) as usize;
        Self { shared, buffer: BatchBuffer::new(BATCH_BYTES + record_bytes), segment: None }
    }

    /// Ends when every sender is gone.
    fn run(mut self, waiting: &Mutex<mpsc::Receiver<Append>>) {
        while let Some(batch) = next_batch(waiting) {
            let stored = self.store(&batch);
            if let Err(error) = &stored {
                tracing::warn!(%error, blobs = batch.len(), "could not append small blobs");
                // What the segment holds after a failed write or sync is not known: leave it.
                self.seal();
            }
            for (position, append) in batch.into_iter().enumerate() {
                let result = match &stored {
                    Ok(offsets) => self.enter(&append, offsets[position]),
                    Err(error) => Err(error.clone()),
                };
                // A receiver that is gone has given up its upload; the sweep removes the blob.
                let _ = append.reply.send(result);
            }
            if self.segment.as_ref().is_some_and(|segment| segment.length() >= self.shared.config.segment_bytes) {
                self.seal();
            }
        }
        self.seal();
    }

    /// Writes and syncs a batch; says where its records begin, in its order.
    fn store(&mut self, batch: &[Append]) -> Result<Vec<u32>, StoreError> {
        if self.segment.is_none() {
            self.segment = Some(ActiveSegment::create(&self.shared).map_err(StoreError::io("create a segment"))?);
        }
        let Some(segment) = self.segment.as_mut() else { return Err(StoreError::Closed) };
        self.buffer.clear();
        let mut offsets = Vec::with_capacity(batch.len());
        for append in batch {
            offsets.push(segment.length() as u32 + self.buffer.len() as u32);
            self.buffer.push(&append.header.encode(segment.salt()));
            append.parts.iter().for_each(|part| self.buffer.push(part));
            self.buffer.pad_to(RECORD_ALIGNMENT);
        }
        self.buffer.pad_to(crate::buffer::ALIGNMENT);
        let gate = &self.shared.config.gate;
        gate.before(DiskOperation::Write, self.buffer.len() as u64)
            .and_then(|()| segment.write(self.buffer.bytes()))
            .map_err(StoreError::io("write to a segment"))?;
        gate.before(DiskOperation::Sync, 0).and_then(|()| segment.sync()).map_err(StoreError::io("sync a segment"))?;
        let counters = &self.shared.counters;
        Counters::add(&counters.segment_syncs, 1);
        Counters::add(&counters.segment_appends, batch.len() as u64);
        self.shared.index.segment_written(segment.number(), segment.length(), false);
        Ok(offsets)
    }

    /// Enters a durable record into the index, and into that of its segment if it counts.
    fn enter(&mut self, append: &Append, offset: u32) -> Result<(), StoreError> {
        let Some(segment) = self.segment.as_mut() else { return Err(StoreError::Closed) };
        let header = &append.header;
        let place = Place::Segment { number: segment.number(), offset };
        let entry = Entry { length: header.length.into(), created_ms: header.created_ms, place: place.clone() };
        let entered = match &append.entering {
            Entering::New => self.shared.enter_new(header.blob, entry, &header.digest())?,
            Entering::Replacing => self.shared.enter_replacing(header.blob, entry),
            Entering::Moved(from) => self.shared.index.relocate(header.blob, from, place),
        };
        if entered {
            segment.record(header, offset);
        }
        if entered && !matches!(append.entering, Entering::Moved(_)) {
            Counters::add(&self.shared.counters.blobs_written, 1);
            Counters::add(&self.shared.counters.bytes_written, header.length.into());
        }
        Ok(())
    }

    fn seal(&mut self) {
        if let Some(segment) = self.segment.take() {
            segment.seal(&self.shared);
        }
    }
}

/// Everything that waits, at least one, up to the size of a batch. The lock is held while waiting: the other threads are then
/// idle or busy with a batch of their own, and one that comes back waits for its turn.
fn next_batch(waiting: &Mutex<mpsc::Receiver<Append>>) -> Option<Vec<Append>> {
    let mut waiting = waiting.lock();
    let first = waiting.blocking_recv()?;
    let mut bytes = RECORD_HEADER_BYTES + first.header.length as usize;
    let mut batch = vec![first];
    while bytes < BATCH_BYTES
        && let Ok(next) = waiting.try_recv()
    {
        bytes += record_span(next.header.length.into()) as usize;
        batch.push(next);
    }
    Some(batch)
}
