//! A segment that is being filled by one appender.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use super::{
    batch::BatchBuffer,
    direct::create_new,
    record::{RecordHeader, SEGMENT_HEADER_BYTES, encode_segment_header},
    segment::{IndexRow, SegmentContents, write_index},
    shared::Shared,
};
use crate::DiskOperation;

pub(crate) struct ActiveSegment {
    number: u32,
    salt: u64,
    file: File,
    path: PathBuf,
    length: u64,
    rows: Vec<IndexRow>,
}

impl ActiveSegment {
    /// Creates the file and makes its name durable. The header reaches the disk with the first batch.
    pub(crate) fn create(shared: &Arc<Shared>) -> io::Result<Self> {
        shared.config.gate.before(DiskOperation::Create, 0)?;
        let number = shared.next_segment.fetch_add(1, Ordering::Relaxed);
        let path = shared.layout.segment(number);
        let file = create_new(&path, shared.config.direct_io)?;
        let salt = rand::random();
        let mut header = BatchBuffer::new(SEGMENT_HEADER_BYTES);
        header.push(&encode_segment_header(number, salt));
        let begun = file
            .write_all_at(header.bytes(), 0)
            .and_then(|()| File::open(shared.layout.segments()))
            .and_then(|directory| directory.sync_all());
        if let Err(error) = begun {
            // On a full disk every batch comes by here: leave no file each time. What cannot be removed, the next start removes.
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        let length = SEGMENT_HEADER_BYTES as u64;
        shared.index.segment_written(number, length, false);
        Ok(Self { number, salt, file, path, length, rows: Vec::new() })
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn salt(&self) -> u64 {
        self.salt
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Writes an aligned batch at the end.
    pub(crate) fn write(&mut self, batch: &[u8]) -> io::Result<()> {
        self.file.write_all_at(batch, self.length)?;
        self.length += batch.len() as u64;
        Ok(())
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Notes a record that counts, for the index of the segment.
    pub(crate) fn record(&mut self, header: &RecordHeader, offset: u32) {
        self.rows.push(IndexRow::of(header, offset));
    }

    /// Ends the segment. Without its index it would be scanned at the next start, so a failure is only noted.
    pub(crate) fn seal(self, shared: &Shared) {
        let contents = SegmentContents { rows: self.rows, written_bytes: self.length };
        if contents.rows.is_empty() {
            shared.index.segment_removed(self.number);
            if let Err(error) = std::fs::remove_file(&self.path) {
                tracing::warn!(%error, segment = self.number, "could not remove an empty segment");
            }
            return;
        }
        if let Err(error) = write_index(&shared.layout, self.number, &contents) {
            tracing::warn!(%error, segment = self.number, "could not write the index of a segment");
        }
        shared.index.segment_written(self.number, contents.written_bytes, true);
    }
}
