//! The end of a segment, in whole blocks.
//!
//! Frames end anywhere, and a disk takes whole blocks. So the block in which the last frame has ended is kept, and written
//! again, with the same bytes in front, when the next one comes. Those are durable already; a device writes whole sectors,
//! so a write that is cut off leaves them as they were. What follows a frame in its last block is zero, as all of the
//! segment behind it.

use std::io;

use crate::disk::{BLOCK_BYTES, DiskFile};

/// The buffer is kept for the next frame unless it has grown beyond this.
const KEPT_BYTES: usize = 8 << 20;

/// Bytes from the border of a block on. Between two writes less than a block.
#[derive(Default)]
pub(super) struct Blocks {
    /// Used again, since the first touch of new pages costs more than filling them.
    bytes: Vec<u8>,
    /// Where `bytes` lie in the file.
    start: u64,
}

impl Blocks {
    /// Goes on behind the first `end` bytes of a file, given the last of them: at least those of the block that they end in.
    pub(super) fn resume(&mut self, end: u64, last: &[u8]) {
        let partial = end as usize % BLOCK_BYTES;
        self.bytes.clear();
        self.bytes.extend_from_slice(&last[last.len() - partial..]);
        self.start = end - partial as u64;
    }

    /// Begins a file, in the memory of the one before.
    pub(super) fn begin(mut self) -> Self {
        self.bytes.clear();
        Self { bytes: self.bytes, start: 0 }
    }

    /// Where the next byte goes.
    pub(super) fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// Where the first byte of [`Blocks::buffer`] goes.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// To add to, at its end only.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Writes what was added.
    pub(super) fn write(&mut self, file: &dyn DiskFile) -> io::Result<()> {
        let length = self.bytes.len();
        self.bytes.resize(length.next_multiple_of(BLOCK_BYTES), 0);
        file.write_at(self.start, &self.bytes)?;
        let whole = length - length % BLOCK_BYTES;
        self.bytes.truncate(length);
        self.bytes.drain(..whole);
        self.bytes.shrink_to(KEPT_BYTES);
        self.start += whole as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{Disk, read_all};
    use crate::sim::SimDisk;

    #[test]
    fn pieces_of_any_length_lie_one_behind_the_other() {
        let disk = SimDisk::new();
        let file = disk.create("segment").unwrap();
        let mut blocks = Blocks::default();
        let mut expected = Vec::new();
        for (number, length) in [64, 1, 4031, 4096, 10_000, 0, 8191, 5].into_iter().enumerate() {
            let piece = vec![number as u8 + 1; length];
            blocks.buffer().extend_from_slice(&piece);
            expected.extend_from_slice(&piece);
            assert_eq!(blocks.end(), expected.len() as u64);
            blocks.write(file.as_ref()).unwrap();
            let contents = read_all(file.as_ref()).unwrap();
            assert!(contents.len().is_multiple_of(BLOCK_BYTES) && contents.starts_with(&expected));
            assert!(contents[expected.len()..].iter().all(|byte| *byte == 0));
            // And after a restart, and in the next file.
            assert_eq!((Blocks { bytes: piece, start: 7 }).begin().end(), 0);
            let mut resumed = Blocks::default();
            resumed.resume(expected.len() as u64, &expected);
            assert_eq!((resumed.start, &resumed.bytes), (blocks.start, &blocks.bytes));
        }
    }
}
