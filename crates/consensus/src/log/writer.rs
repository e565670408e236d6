//! The writer: everything that is waiting becomes one frame, one write and one sync.
//!
//! After the first failure of the disk nothing is written any more: what a failed sync left behind is unknown, so going
//! on could acknowledge what is lost. Everybody who waits, and everybody who comes later, gets the error.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use openraft::entry::RaftEntry;
use tokio::time::Instant;

use super::blocks::Blocks;
use super::frame::{FRAME_HEADER_BYTES, FrameBuilder};
use super::index::Location;
use super::operation::{Operation, Request, Waiter};
use super::record::{RECORD_HEADER_BYTES, Record};
use super::recovery::{ClosedSegment, OpenSegment, Recovered};
use super::segment::{SegmentHeader, segment_name, used_name, write_manifest};
use super::shared::Shared;
use super::spare::{Spare, Zeros};
use crate::disk::{Disk, Pace};
use crate::entry_codec;
use crate::runtime::random_u64;
use crate::types::{LogId, Vote};

/// Room kept for the seal.
const SEAL_BYTES: usize = FRAME_HEADER_BYTES + RECORD_HEADER_BYTES;

/// A frame that is written and not yet synced.
pub(super) struct Written {
    waiters: Vec<Waiter>,
    locations: Vec<(LogId, Location)>,
    purged: Option<LogId>,
}

pub(super) struct Writer {
    disk: Arc<dyn Disk>,
    shared: Arc<Shared>,
    spare: Spare,
    segment_bytes: u64,
    open: Option<OpenSegment>,
    closed: Vec<ClosedSegment>,
    next_segment: u64,
    next_frame: u64,
    manifest: Option<u64>,
    /// The state at the end of what was written; every segment begins with it.
    vote: Option<Vote>,
    committed: Option<LogId>,
    purged: Option<LogId>,
    last: Option<LogId>,
    committed_is_written: bool,
    failure: Option<(io::ErrorKind, String)>,
    is_closing: bool,
    /// Of a segment that this process began, when.
    begun: Option<Instant>,
    /// What zeros suit the next segment.
    zeros: Zeros,
    /// Between two segments: the memory for the next one.
    blocks: Blocks,
}

impl Writer {
    pub(super) fn new(disk: Arc<dyn Disk>, shared: Arc<Shared>, recovered: Recovered, segment_bytes: u64) -> Self {
        let index = shared.index();
        let (vote, committed, purged, last) = (index.vote, index.committed, index.purged, index.last_log_id());
        drop(index);
        Self {
            spare: Spare::new(Arc::clone(&disk), segment_bytes),
            disk,
            shared,
            segment_bytes,
            open: recovered.open,
            closed: recovered.closed,
            next_segment: recovered.next_segment,
            next_frame: recovered.next_frame,
            manifest: recovered.manifest,
            vote,
            committed,
            purged,
            last,
            committed_is_written: true,
            failure: None,
            is_closing: false,
            begun: None,
            zeros: Zeros::Written,
            blocks: Blocks::default(),
        }
    }

    /// Writes one frame with all of `requests`. `None` when it failed.
    pub(super) fn write(&mut self, requests: Vec<Request>) -> Option<Written> {
        let mut waiters = Vec::new();
        let mut records = Vec::new();
        let mut purged = None;
        for Request { operation, committed } in requests {
            self.committed_is_written &= committed == self.committed;
            self.committed = committed;
            match operation {
                Operation::Append { entries, callback } => {
                    waiters.push(Waiter::Append(callback));
                    for entry in entries {
                        match entry_codec::encode(&entry.payload) {
                            Ok((kind, payload)) => records.push(Record::Entry { id: entry.log_id(), kind, payload }),
                            Err(error) => self.fail(&io::Error::other(error)),
                        }
                    }
                }
                Operation::SaveVote { vote, done } => {
                    waiters.push(Waiter::Done(done));
                    records.push(Record::Vote(vote));
                }
                Operation::TruncateAfter(last) => records.push(Record::TruncatedAfter(last)),
                Operation::Purge(upto) => {
                    purged = Some(upto);
                    records.push(Record::Purged(upto));
                }
                Operation::Close { done } => {
                    self.is_closing = true;
                    waiters.push(Waiter::Done(done));
                }
            }
        }
        if !self.committed_is_written {
            records.push(Record::Committed(self.committed));
        }
        match self.write_frame(records) {
            Ok(locations) => Some(Written { waiters, locations, purged }),
            Err(error) => {
                self.fail(&error);
                self.refuse(waiters);
                None
            }
        }
    }

    /// Syncs what was written and tells those who wait.
    pub(super) fn sync(&mut self, written: Written) {
        if let Err(error) = self.make_durable() {
            self.fail(&error);
            return self.refuse(written.waiters);
        }
        if !written.locations.is_empty() {
            let mut index = self.shared.index();
            for (id, location) in written.locations {
                index.set_location(id, location);
            }
        }
        written.waiters.into_iter().for_each(|waiter| waiter.complete(Ok(())));
        if let Some(upto) = written.purged
            && let Err(error) = self.remove_segments(upto)
        {
            self.fail(&error);
        }
    }

    fn make_durable(&mut self) -> io::Result<()> {
        self.check()?;
        let Some(open) = &self.open else { return Ok(()) };
        open.file.sync()?;
        self.shared.count_sync();
        if self.manifest != Some(open.number) {
            write_manifest(self.disk.as_ref(), open.number)?;
            self.manifest = Some(open.number);
            self.spare.prepare(self.zeros);
        }
        Ok(())
    }

    fn write_frame(&mut self, records: Vec<Record>) -> io::Result<Vec<(LogId, Location)>> {
        self.check()?;
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let size: usize = records.iter().map(record_bytes).sum::<usize>() + FRAME_HEADER_BYTES + SEAL_BYTES;
        if self.open.as_ref().is_some_and(|open| open.blocks.end() + size as u64 > open.capacity) {
            self.seal()?;
        }
        if self.open.is_none() {
            self.begin_segment()?;
        }
        let Some(mut open) = self.open.take() else { return Err(io::Error::other("no open segment")) };
        let base = open.blocks.start();
        let buffer = open.blocks.buffer();
        let mut frame = FrameBuilder::begin(buffer);
        let mut places = Vec::new();
        for record in &records {
            let (at, length) = frame.push(buffer, record);
            if let Record::Entry { id, .. } = record {
                places.push((*id, at as u64, length as u32));
            }
            self.remember(record);
        }
        frame.finish(buffer, open.salt, self.next_frame);
        open.blocks.write(open.file.as_ref())?;
        self.next_frame += 1;
        let last_index = places.iter().map(|(id, ..)| id.index + 1).max().unwrap_or(0);
        open.entries_end = open.entries_end.max(last_index);
        let file = &open.file;
        let locate = |(id, at, length)| (id, Location { file: Arc::clone(file), offset: base + at, length });
        let locations = places.into_iter().map(locate).collect();
        self.open = Some(open);
        Ok(locations)
    }

    /// Closes the open segment: its seal is durable before anything is written to the next one.
    fn seal(&mut self) -> io::Result<()> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let buffer = open.blocks.buffer();
        let mut frame = FrameBuilder::begin(buffer);
        frame.push(buffer, &Record::Seal);
        frame.finish(buffer, open.salt, self.next_frame);
        open.blocks.write(open.file.as_ref())?;
        open.file.sync()?;
        self.blocks = open.blocks;
        self.next_frame += 1;
        let file = Arc::downgrade(&open.file);
        self.closed.push(ClosedSegment { number: open.number, entries_end: open.entries_end, file });
        Ok(())
    }

    /// Takes the next segment into use. Its head is written together with the first frame.
    fn begin_segment(&mut self) -> io::Result<()> {
        let now = Instant::now();
        self.zeros = Zeros::after(self.begun.replace(now).map(|begun| now - begun));
        let number = self.next_segment;
        let mut blocks = std::mem::take(&mut self.blocks).begin();
        let buffer = blocks.buffer();
        let file = self.spare.take(&segment_name(number))?;
        let header = SegmentHeader { number, salt: random_u64() as u32, first_frame: self.next_frame };
        buffer.extend_from_slice(&header.encode());
        let mut frame = FrameBuilder::begin(buffer);
        frame.push(buffer, &Record::LastBefore(self.last));
        if let Some(purged) = self.purged {
            frame.push(buffer, &Record::Purged(purged));
        }
        if let Some(vote) = self.vote {
            frame.push(buffer, &Record::Vote(vote));
        }
        frame.push(buffer, &Record::Committed(self.committed));
        frame.finish(buffer, header.salt, self.next_frame);
        self.next_frame += 1;
        self.next_segment += 1;
        self.open =
            Some(OpenSegment { number, file, salt: header.salt, blocks, capacity: self.segment_bytes, entries_end: 0 });
        Ok(())
    }

    fn remember(&mut self, record: &Record) {
        match record {
            Record::Entry { id, .. } => self.last = Some(*id),
            Record::Vote(vote) => self.vote = Some(*vote),
            Record::Committed(_) => self.committed_is_written = true,
            Record::TruncatedAfter(last) => self.last = *last,
            Record::Purged(upto) => {
                self.purged = Some(*upto);
                self.last = self.last.max(Some(*upto));
            }
            Record::LastBefore(_) | Record::Seal => {}
        }
    }

    /// Lets go of closed segments, oldest first, all entries of which are purged. Some are kept for use again, unless
    /// somebody still reads from them.
    fn remove_segments(&mut self, upto: LogId) -> io::Result<()> {
        let count = self.closed.iter().take_while(|segment| segment.entries_end <= upto.index + 1).count();
        if count == 0 {
            return Ok(());
        }
        let mut used = Vec::new();
        for segment in self.closed.drain(..count) {
            let name = segment_name(segment.number);
            if segment.file.strong_count() == 0 && self.spare.wants_used(used.len()) {
                self.disk.rename(&name, &used_name(segment.number))?;
                used.push(segment.number);
            } else {
                self.disk.remove(&name)?;
            }
        }
        // Before a byte of them is overwritten: a crash must not bring an old name back with new contents.
        self.disk.sync_directory()?;
        self.spare.keep_used(used.into_iter());
        Ok(())
    }

    fn check(&self) -> io::Result<()> {
        match &self.failure {
            Some((kind, message)) => Err(io::Error::new(*kind, message.clone())),
            None => Ok(()),
        }
    }

    fn fail(&mut self, error: &io::Error) {
        if self.failure.is_none() {
            let message = format!("the log cannot be written: {error}");
            tracing::error!(%error, "the log cannot be written; this node stops taking part");
            self.shared.set_failure(error.kind(), &message);
            self.failure = Some((error.kind(), message));
        }
    }

    fn refuse(&self, waiters: Vec<Waiter>) {
        for waiter in waiters {
            waiter.complete(self.check());
        }
    }

    /// Whether the last operation was asked for.
    pub(super) fn is_closing(&self) -> bool {
        self.is_closing
    }

    /// How long a simulated disk takes for this batch.
    pub(super) fn latency(&self) -> Option<Duration> {
        match self.disk.pace() {
            Pace::Inline { latency } => Some(latency),
            Pace::Threads => None,
        }
    }

    /// Waits for work in the background.
    pub(super) fn close(self) {
        self.spare.close();
    }
}

fn record_bytes(record: &Record) -> usize {
    match record {
        Record::Entry { payload, .. } => RECORD_HEADER_BYTES + payload.len(),
        _ => RECORD_HEADER_BYTES,
    }
}
