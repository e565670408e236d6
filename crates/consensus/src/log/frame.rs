//! Frames: the records that were written and synced together.
//!
//! A frame is written only after the one before it was synced, and frames are numbered. Hence a valid frame behind a bad
//! one proves that the bad one had been synced and was damaged since, while a bad frame with nothing behind it is a write
//! that a crash cut off. The checksum of the header is mixed with the segment's random salt, so that bytes chosen by a
//! client, inside a payload, cannot pass for a frame.
//!
//! Layout, little endian: magic u32, length of the records u32, number u64, count of records u32, crc32 u32, records.

use bytes::Bytes;

use super::record::{BadRecord, Record, read_u32, read_u64};

pub(super) const FRAME_HEADER_BYTES: usize = 24;
const MAGIC: u32 = 0x4652_4d31;
/// No frame is written longer than this; a longer one on disk is damage.
const FRAME_BYTES_MAX: usize = 256 << 20;

/// Builds one frame in a buffer.
pub(super) struct FrameBuilder {
    start: usize,
    count: u32,
}

impl FrameBuilder {
    pub(super) fn begin(buffer: &mut Vec<u8>) -> Self {
        let start = buffer.len();
        buffer.extend_from_slice(&[0; FRAME_HEADER_BYTES]);
        Self { start, count: 0 }
    }

    /// Adds a record; returns where it begins and its length.
    pub(super) fn push(&mut self, buffer: &mut Vec<u8>, record: &Record) -> (usize, usize) {
        let at = buffer.len();
        record.encode(buffer);
        self.count += 1;
        (at, buffer.len() - at)
    }

    pub(super) fn finish(self, buffer: &mut [u8], salt: u32, number: u64) {
        let length = (buffer.len() - self.start - FRAME_HEADER_BYTES) as u32;
        let header = &mut buffer[self.start..self.start + FRAME_HEADER_BYTES];
        header[0..4].copy_from_slice(&MAGIC.to_le_bytes());
        header[4..8].copy_from_slice(&length.to_le_bytes());
        header[8..16].copy_from_slice(&number.to_le_bytes());
        header[16..20].copy_from_slice(&self.count.to_le_bytes());
        let checksum = header_checksum(&header[..20], salt);
        header[20..24].copy_from_slice(&checksum.to_le_bytes());
    }
}

fn header_checksum(header: &[u8], salt: u32) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(salt);
    hasher.update(header);
    hasher.finalize()
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FrameHeader {
    pub(super) length: usize,
    pub(super) number: u64,
    count: u32,
}

impl FrameHeader {
    /// The header at `offset`, if a valid one is there.
    pub(super) fn decode(bytes: &[u8], offset: usize, salt: u32) -> Option<Self> {
        let header = bytes.get(offset..offset + FRAME_HEADER_BYTES)?;
        let length = read_u32(header, 4) as usize;
        let valid = read_u32(header, 0) == MAGIC
            && header_checksum(&header[..20], salt) == read_u32(header, 20)
            && length <= FRAME_BYTES_MAX;
        valid.then(|| Self { length, number: read_u64(header, 8), count: read_u32(header, 16) })
    }

    /// Where the frame ends that begins at `offset`.
    pub(super) fn end(&self, offset: usize) -> usize {
        offset + FRAME_HEADER_BYTES + self.length
    }

    /// The records of the frame at `offset`, each with its offset and length.
    pub(super) fn records(&self, bytes: &Bytes, offset: usize) -> Result<Vec<(Record, usize, usize)>, BadRecord> {
        let end = self.end(offset);
        if end > bytes.len() {
            return Err(BadRecord);
        }
        let mut records = Vec::new();
        let mut at = offset + FRAME_HEADER_BYTES;
        while at < end {
            let (record, length) = Record::decode(&bytes.slice(at..end))?;
            records.push((record, at, length));
            at += length;
        }
        if records.len() == self.count as usize { Ok(records) } else { Err(BadRecord) }
    }
}

/// Whether a valid frame later than `number` begins anywhere behind `offset`.
pub(super) fn has_later_frame(bytes: &Bytes, offset: usize, salt: u32, number: u64) -> bool {
    let magic = MAGIC.to_le_bytes();
    let mut at = offset + 1;
    while at + FRAME_HEADER_BYTES <= bytes.len() {
        let Some(found) = bytes[at..].windows(4).position(|window| window == magic) else { return false };
        at += found;
        if let Some(header) = FrameHeader::decode(bytes, at, salt)
            && header.number > number
            && header.records(bytes, at).is_ok()
        {
            return true;
        }
        at += 1;
    }
    false
}
