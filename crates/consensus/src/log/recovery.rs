//! Reads the log at start: replays all records, cuts a torn tail, refuses damage.

use std::sync::{Arc, Weak};

use bytes::Bytes;

use super::LogError;
use super::blocks::Blocks;
use super::frame::{FRAME_HEADER_BYTES, FrameHeader, has_later_frame};
use super::index::{Gap, Index, Location};
use super::record::Record;
use super::segment::{SEGMENT_HEADER_BYTES, SegmentHeader, is_spare, read_manifest, segment_name, segment_number};
use super::torn::is_torn;
use crate::disk::{Disk, DiskFile, read_all};
use crate::types::LogId;

/// A segment that is complete, or was before the last start.
#[derive(Clone)]
pub(super) struct ClosedSegment {
    pub(super) number: u64,
    /// One more than the highest index of an entry in it.
    pub(super) entries_end: u64,
    /// Held by whoever reads from it.
    pub(super) file: Weak<dyn DiskFile>,
}

/// The segment to go on with.
pub(super) struct OpenSegment {
    pub(super) number: u64,
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) salt: u32,
    /// Up to where it is filled.
    pub(super) blocks: Blocks,
    pub(super) capacity: u64,
    pub(super) entries_end: u64,
}

pub(super) struct Recovered {
    pub(super) index: Index,
    pub(super) closed: Vec<ClosedSegment>,
    /// `None`: the next segment has to be begun, with this number.
    pub(super) open: Option<OpenSegment>,
    pub(super) next_segment: u64,
    pub(super) next_frame: u64,
    /// The newest segment that the manifest knows.
    pub(super) manifest: Option<u64>,
    /// Bytes of a write that a crash had cut off.
    pub(super) cut_bytes: u64,
}

/// Opens the log of `disk`; `index` is empty.
pub(super) fn recover(disk: &dyn Disk, index: Index) -> Result<Recovered, LogError> {
    let manifest = read_manifest(disk)?;
    let mut numbers = segment_numbers(disk)?;
    drop_unused(disk, &mut numbers, manifest)?;
    check_complete(&numbers, manifest)?;
    let next_segment = numbers.last().map_or(1, |number| number + 1);
    let mut recovery = Recovery {
        disk,
        newest: numbers.last().copied(),
        recovered: Recovered {
            index,
            closed: Vec::new(),
            open: None,
            next_segment,
            next_frame: 0,
            manifest,
            cut_bytes: 0,
        },
    };
    for (position, number) in numbers.iter().enumerate() {
        recovery.replay_segment(*number, position == 0)?;
    }
    let recovered = recovery.recovered;
    let expected = recovered.index.purged.map_or(0, |id| id.index + 1);
    let found = recovered.index.first();
    if found > expected { Err(LogError::MissingEntries { expected, found }) } else { Ok(recovered) }
}

fn segment_numbers(disk: &dyn Disk) -> Result<Vec<u64>, LogError> {
    let names = disk.list().map_err(LogError::io("list", "the data directory"))?;
    for name in names.iter().filter(|name| is_spare(name)) {
        disk.remove(name).map_err(LogError::io("remove", name))?;
    }
    let mut numbers: Vec<_> = names.iter().filter_map(|name| segment_number(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// A crash may leave a newest segment whose head, written in one go, is not all there: nothing in it was ever acknowledged,
/// or the manifest would name it.
fn drop_unused(disk: &dyn Disk, numbers: &mut Vec<u64>, manifest: Option<u64>) -> Result<(), LogError> {
    let Some(newest) = numbers.last().copied() else { return Ok(()) };
    if manifest.is_some_and(|known| newest <= known) {
        return Ok(());
    }
    let name = segment_name(newest);
    let bytes = read_segment(disk, &name)?.1;
    let head = SegmentHeader::decode(&bytes, &name)
        .ok()
        .and_then(|header| next_frame(&bytes, SEGMENT_HEADER_BYTES, header.salt, header.first_frame));
    if head.is_none() {
        disk.remove(&name).map_err(LogError::io("remove", &name))?;
        numbers.pop();
    }
    Ok(())
}

fn check_complete(numbers: &[u64], manifest: Option<u64>) -> Result<(), LogError> {
    let missing = |number| LogError::MissingSegment { file: segment_name(number) };
    if let Some(pair) = numbers.windows(2).find(|pair| pair[1] != pair[0] + 1) {
        return Err(missing(pair[0] + 1));
    }
    match (numbers.last(), manifest) {
        (Some(newest), Some(known)) if *newest < known => Err(missing(newest + 1)),
        (None, Some(known)) => Err(missing(known)),
        _ => Ok(()),
    }
}

fn read_segment(disk: &dyn Disk, name: &str) -> Result<(Arc<dyn DiskFile>, Bytes), LogError> {
    let file = disk.open(name).map_err(LogError::io("open", name))?;
    let bytes = read_all(file.as_ref()).map_err(LogError::io("read", name))?;
    Ok((file, bytes.into()))
}

struct Recovery<'a> {
    disk: &'a dyn Disk,
    newest: Option<u64>,
    recovered: Recovered,
}

impl Recovery<'_> {
    fn replay_segment(&mut self, number: u64, is_first: bool) -> Result<(), LogError> {
        let name = segment_name(number);
        let (file, bytes) = read_segment(self.disk, &name)?;
        let header = SegmentHeader::decode(&bytes, &name)?;
        let corrupt = |offset: usize, reason| LogError::Corrupt { file: name.clone(), offset: offset as u64, reason };
        if header.number != number {
            return Err(corrupt(0, "header of another segment"));
        }
        if is_first {
            self.recovered.next_frame = header.first_frame;
        }
        if header.first_frame != self.recovered.next_frame {
            return Err(corrupt(0, "does not follow the segment before it"));
        }
        let mut replay = SegmentReplay { file: &file, is_first, entries_end: 0, sealed: false };
        let mut offset = SEGMENT_HEADER_BYTES;
        while !replay.sealed {
            let Some(frame) = next_frame(&bytes, offset, header.salt, self.recovered.next_frame) else { break };
            let records = frame.records(&bytes, offset).map_err(|_| corrupt(offset, "bad record"))?;
            for (record, at, length) in records {
                replay.apply(&mut self.recovered.index, record, at, length).map_err(|reason| corrupt(at, reason))?;
            }
            self.recovered.next_frame += 1;
            offset = frame.end(offset);
        }
        if replay.sealed {
            let (entries_end, file) = (replay.entries_end, Arc::downgrade(&file));
            self.recovered.closed.push(ClosedSegment { number, entries_end, file });
            return Ok(());
        }
        if self.newest != Some(number) {
            return Err(corrupt(offset, "bad record, and later segments exist"));
        }
        if offset == SEGMENT_HEADER_BYTES {
            return Err(corrupt(offset, "bad first record"));
        }
        let entries_end = replay.entries_end;
        let reason = check_tail(&bytes, offset, header.salt, self.recovered.next_frame);
        if let Some(reason) = reason {
            return Err(corrupt(offset, reason));
        }
        self.recovered.cut_bytes = clear_tail(file.as_ref(), &bytes, offset).map_err(LogError::io("clear", &name))?;
        let mut blocks = Blocks::default();
        blocks.resume(offset as u64, &bytes[..offset]);
        self.recovered.open = Some(OpenSegment {
            number,
            file: self.disk.open_direct(&name).map_err(LogError::io("open", &name))?,
            salt: header.salt,
            blocks,
            capacity: bytes.len() as u64,
            entries_end,
        });
        Ok(())
    }
}

/// The frame at `offset` if it is sound and the one that is due.
fn next_frame(bytes: &Bytes, offset: usize, salt: u32, number: u64) -> Option<FrameHeader> {
    let header = FrameHeader::decode(bytes, offset, salt)?;
    (header.number == number && header.records(bytes, offset).is_ok()).then_some(header)
}

/// Why what lies behind the last sound frame is not just a write that was cut off.
fn check_tail(bytes: &Bytes, offset: usize, salt: u32, number: u64) -> Option<&'static str> {
    if bytes[offset..].iter().all(|byte| *byte == 0) {
        return None;
    }
    if has_later_frame(bytes, offset, salt, number) {
        return Some("bad record, and sound ones follow it");
    }
    let end = match FrameHeader::decode(bytes, offset, salt) {
        Some(header) => header.end(offset),
        None => offset + FRAME_HEADER_BYTES,
    };
    if is_torn(bytes, offset, end) { None } else { Some("bad record that was written in full") }
}

/// Fills the tail with zeros, so that its remains are never read as something. Returns how much was there.
fn clear_tail(file: &dyn DiskFile, bytes: &Bytes, offset: usize) -> std::io::Result<u64> {
    let used = bytes[offset..].iter().rposition(|byte| *byte != 0).map_or(0, |position| position + 1);
    if used > 0 {
        file.write_at(offset as u64, &vec![0; used])?;
        file.sync()?;
    }
    Ok(used as u64)
}

struct SegmentReplay<'a> {
    file: &'a Arc<dyn DiskFile>,
    is_first: bool,
    entries_end: u64,
    sealed: bool,
}

impl SegmentReplay<'_> {
    fn apply(&mut self, index: &mut Index, record: Record, at: usize, length: usize) -> Result<(), &'static str> {
        match record {
            Record::Entry { id, .. } => {
                let location = Location { file: Arc::clone(self.file), offset: at as u64, length: length as u32 };
                let pushed = index.push_stored(id, location);
                pushed.map_err(|Gap { .. }| "an entry that does not follow the one before it")?;
                self.entries_end = self.entries_end.max(id.index + 1);
            }
            Record::Vote(vote) => index.vote = Some(vote),
            Record::Committed(committed) => index.committed = committed,
            Record::TruncatedAfter(last) => index.truncate_after(last),
            Record::Purged(upto) => index.purge(upto),
            Record::LastBefore(last) => {
                if self.is_first {
                    index.begin_at(next_index(last));
                }
            }
            Record::Seal => self.sealed = true,
        }
        Ok(())
    }
}

fn next_index(id: Option<LogId>) -> u64 {
    id.map_or(0, |id| id.index + 1)
}
