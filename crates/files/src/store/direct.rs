//! Opening files for direct I/O, where the file system offers it.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Creates a file that must not exist, past the page cache if `direct` and possible. Callers write aligned blocks either way.
pub(crate) fn create_new(path: &Path, direct: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600);
    if !direct {
        return options.open(path);
    }
    let flags = rustix::fs::OFlags::DIRECT.bits() as i32;
    match options.clone().custom_flags(flags).open(path) {
        // Some file systems have no direct I/O; the file may have been created before the flag was refused.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            options.create_new(false).create(true).truncate(true).open(path)
        }
        result => result,
    }
}

/// Opens a file for reading, past the page cache if `direct` and possible; says which it is.
pub(crate) fn open_existing(path: &Path, direct: bool) -> io::Result<(File, bool)> {
    if direct {
        let flags = rustix::fs::OFlags::DIRECT.bits() as i32;
        match OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
            result => return result.map(|file| (file, true)),
        }
    }
    File::open(path).map(|file| (file, false))
}
