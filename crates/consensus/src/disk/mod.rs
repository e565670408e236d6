//! The disk as a parameter: the files of one data directory.
//!
//! The log and the snapshots see nothing else of the operating system. [`DirectoryDisk`] is the real thing;
//! [`crate::sim::SimDisk`] loses unsynced writes when it crashes. Calls block: [`Pace`] says where they may be made.

mod aligned;
mod blocking;
mod direct;
mod directory;

use std::io;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use aligned::Aligned;
pub(crate) use blocking::{run_blocking, run_giving_way};
pub use directory::DirectoryDisk;

/// A write of whole blocks can go past the page cache ([`Disk::open_direct`]).
pub(crate) const BLOCK_BYTES: usize = 4096;

const ZEROS_BYTES: u64 = 1 << 20;

/// Where the calls of a disk are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// They block on a device and belong on threads of their own.
    Threads,
    /// They return at once and are made in the task; one batch takes `latency` of the runtime's time. A simulation
    /// has no threads, or it would not be deterministic.
    Inline {
        /// How long the batch takes.
        latency: Duration,
    },
}

/// The files of one data directory. Names are flat: no folders.
pub trait Disk: Send + Sync + 'static {
    /// Names of all files.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Opens a file that exists.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens a file that exists; its whole blocks are written, and read into [`Aligned`] memory, past the page cache, where
    /// there is one to go past.
    fn open_direct(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.open(name)
    }

    /// Makes an empty file, in the place of one of that name.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Gives a file another name, in the place of one of that name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file. Open handles stay usable.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes creations, renames and removals durable.
    fn sync_directory(&self) -> io::Result<()>;

    /// Where calls are made; asked once a batch.
    fn pace(&self) -> Pace {
        Pace::Threads
    }
}

/// An open file. Positions are explicit, so that one handle serves readers and a writer.
pub trait DiskFile: Send + Sync + 'static {
    /// Writes all of `bytes` at `offset`; the file grows when needed. Durable only after [`DiskFile::sync`].
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Reads up to `buffer.len()` bytes; 0 at the end of the file.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Makes the file `length` bytes of zeros, with room for them on the disk; without writing them, where that can be had.
    fn reserve_zeros(&self, length: u64) -> io::Result<()> {
        write_zeros(self, length)
    }

    /// Makes the contents, and the length, durable.
    fn sync(&self) -> io::Result<()>;

    /// Length in bytes.
    fn length(&self) -> io::Result<u64>;
}

/// Fills the first `length` bytes with zeros.
pub(crate) fn write_zeros(file: &(impl DiskFile + ?Sized), length: u64) -> io::Result<()> {
    let zeros = vec![0; length.min(ZEROS_BYTES) as usize];
    let mut offset = 0;
    while offset < length {
        let count = (length - offset).min(ZEROS_BYTES);
        file.write_at(offset, &zeros[..count as usize])?;
        offset += count;
    }
    Ok(())
}

/// Reads exactly `length` bytes at `offset`.
pub(crate) fn read_exact_at(file: &dyn DiskFile, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    fill_at(file, offset, &mut bytes)?;
    Ok(bytes)
}

/// Fills `buffer` with what lies at `offset`.
pub(crate) fn fill_at(file: &dyn DiskFile, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(offset + filled as u64, &mut buffer[filled..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    Ok(())
}

/// Reads a whole file.
pub(crate) fn read_all(file: &dyn DiskFile) -> io::Result<Vec<u8>> {
    let length = usize::try_from(file.length()?).map_err(io::Error::other)?;
    read_exact_at(file, 0, length)
}

/// Replaces a small file so that a crash leaves the old contents or the new ones.
pub(crate) fn replace_file(disk: &dyn Disk, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = format!("{name}.new");
    let file = disk.create(&temporary)?;
    file.write_at(0, bytes)?;
    file.sync()?;
    disk.rename(&temporary, name)?;
    disk.sync_directory()
}
