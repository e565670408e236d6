//! A file whose whole blocks are written, and read into aligned memory, past the page cache.
//!
//! The cache would copy each byte of the log once more, take fresh pages for it and keep what nobody reads; and what it writes
//! back by itself stands in the way of the syncs that people wait for.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use super::aligned::{Aligned, is_aligned, is_whole};
use super::directory::OpenFile;
use super::{BLOCK_BYTES, DiskFile};

/// Written in pieces of this size at most: the bound of the aligned copy.
const PIECE_BYTES: usize = 1 << 20;

pub(super) struct DirectFile {
    direct: File,
    /// For whatever is not aligned. The kernel keeps its cache and direct writes in agreement.
    cached: OpenFile,
    /// Direct I/O wants memory that is aligned, too.
    aligned: Mutex<Aligned>,
}

impl DirectFile {
    /// The file as it is, `cached`, when its file system has no direct I/O, or wants larger blocks.
    pub(super) fn open(path: &Path, cached: OpenFile) -> io::Result<Arc<dyn DiskFile>> {
        let flags = rustix::fs::OFlags::DIRECT.bits() as i32;
        let opened = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path);
        let probed = opened.and_then(|direct| {
            let mut aligned = Aligned::default();
            direct.read_at(aligned.piece(BLOCK_BYTES), 0)?;
            Ok((direct, aligned))
        });
        match probed {
            Ok((direct, aligned)) => Ok(Arc::new(Self { direct, cached, aligned: Mutex::new(aligned) })),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(Arc::new(cached)),
            Err(error) => Err(error),
        }
    }
}

impl DiskFile for DirectFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if !is_whole(offset, bytes.len()) {
            return self.cached.write_at(offset, bytes);
        }
        if is_aligned(offset, bytes) {
            return self.direct.write_all_at(bytes, offset);
        }
        let mut aligned = self.aligned.lock();
        let mut at = offset;
        for piece in bytes.chunks(PIECE_BYTES) {
            let copy = aligned.piece(piece.len());
            copy.copy_from_slice(piece);
            self.direct.write_all_at(copy, at)?;
            at += piece.len() as u64;
        }
        Ok(())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if is_aligned(offset, buffer) {
            return self.direct.read_at(buffer, offset);
        }
        self.cached.read_at(offset, buffer)
    }

    fn reserve_zeros(&self, length: u64) -> io::Result<()> {
        self.cached.reserve_zeros(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.cached.sync()
    }

    fn length(&self) -> io::Result<u64> {
        self.cached.length()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DirectoryDisk, Disk, fill_at, read_all};
    use super::*;

    #[test]
    fn both_ways_of_writing_show_in_what_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let disk = DirectoryDisk::open(folder.path()).unwrap();
        disk.create("log").unwrap();
        let file = disk.open_direct("log").unwrap();
        let length = 4 * PIECE_BYTES;
        file.reserve_zeros(length as u64).unwrap();
        let mut expected = vec![0; length];
        assert_eq!(read_all(file.as_ref()).unwrap(), expected);
        let source: Vec<u8> = (0..length + 8).map(|number| (number % 251) as u8).collect();
        // In blocks from aligned and unaligned memory, in more than a piece, and in no blocks at all.
        for (offset, from, count) in [
            (0, 0, BLOCK_BYTES),
            (BLOCK_BYTES, 1, 3 * BLOCK_BYTES),
            (BLOCK_BYTES, 5, 2 * PIECE_BYTES + BLOCK_BYTES),
            (100, 7, 5000),
            (0, 3, BLOCK_BYTES),
        ] {
            file.write_at(offset as u64, &source[from..from + count]).unwrap();
            expected[offset..offset + count].copy_from_slice(&source[from..from + count]);
            assert!(read_all(file.as_ref()).unwrap() == expected, "{count} bytes at {offset}");
            let mut memory = Aligned::default();
            fill_at(file.as_ref(), 0, memory.piece(length)).unwrap();
            assert!(memory.held(length) == expected, "{count} bytes at {offset}");
        }
        file.sync().unwrap();
        file.reserve_zeros(length as u64).unwrap();
        assert!(read_all(disk.open("log").unwrap().as_ref()).unwrap().iter().all(|byte| *byte == 0));
    }
}
