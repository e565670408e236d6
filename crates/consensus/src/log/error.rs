//! What can be wrong with a log on disk.

use std::io;

/// Why the log could not be opened. Each names the file and the mend; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A record that was synced is damaged.
    #[error(
        "the log is damaged: {file} at offset {offset}: {reason}; restore the data directory from a backup, or remove \
         it and let the node join again"
    )]
    Corrupt {
        /// The damaged file.
        file: String,
        /// Where in it.
        offset: u64,
        /// What is wrong there.
        reason: &'static str,
    },
    /// A file of the log is gone.
    #[error(
        "the log is incomplete: {file} is missing; restore the data directory from a backup, or remove it and let the \
         node join again"
    )]
    MissingSegment {
        /// The missing file.
        file: String,
    },
    /// Entries are missing although all files are sound.
    #[error("the log is incomplete: it begins at entry {found}, but entries from {expected} on are needed")]
    MissingEntries {
        /// First entry that is needed.
        expected: u64,
        /// First entry found.
        found: u64,
    },
    /// A file was written by a version that this one does not know.
    #[error("{file} has log format {found}; this version reads format {known}")]
    UnknownVersion {
        /// The file.
        file: String,
        /// Its format.
        found: u16,
        /// The format known here.
        known: u16,
    },
    /// The operating system failed.
    #[error("cannot {action} {file}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        file: String,
        /// The cause.
        source: io::Error,
    },
}

impl LogError {
    pub(crate) fn io(action: &'static str, file: &str) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self::Io { action, file, source }
    }
}
