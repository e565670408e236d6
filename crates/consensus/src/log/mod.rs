//! The log of Raft on disk: append-only segments of checksummed records, one sync for everything that waits.
//!
//! | file | subject |
//! |---|---|
//! | `record`, `frame`, `segment` | the format, from the inside out |
//! | `operation`, `writer`, `pump` | writing: what is asked, how it is done, where it runs |
//! | `blocks`, `spare` | the end of the file that is written, the next file |
//! | `recovery`, `torn` | reading at start: a torn tail is cut, damage is refused |
//! | `index`, `reader`, `store` | what openraft sees |
//!
//! Not here: snapshots and the state machine.

mod blocks;
mod error;
mod frame;
mod index;
mod operation;
mod pump;
mod reader;
mod record;
mod recovery;
mod segment;
mod shared;
mod spare;
mod store;
mod torn;
mod writer;

#[cfg(test)]
mod tests;

pub use error::LogError;
pub(crate) use reader::LogReader;
pub(crate) use store::{LogSettings, LogStore};
