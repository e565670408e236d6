//! Snapshots: the whole state in one file, so that the log behind it can be dropped.
//!
//! A snapshot is written from a clone of the state while writes go on, and gets its name only when it is durable. One is
//! kept, the newest. Sending one to a follower is in `crate::network`; putting the pieces together there is in `incoming`.

mod file;
mod incoming;
mod store;

#[cfg(test)]
mod tests;

pub use file::SnapshotError;
pub(crate) use file::SnapshotFile;
pub(crate) use incoming::{Incoming, Received};
pub(crate) use store::SnapshotStore;
