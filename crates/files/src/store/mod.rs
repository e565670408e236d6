//! Blobs on the local disk.

mod active_segment;
mod appender;
mod batch;
mod blob_store;
mod compaction;
mod direct;
mod directory_sync;
mod index;
mod large_file;
mod layout;
mod load;
mod open;
mod reader;
mod record;
mod removed;
mod segment;
mod shared;
mod writer;

pub use blob_store::{BlobStat, BlobStore};
pub use compaction::CompactionReport;
pub use reader::BlobReader;
pub use writer::BlobWriter;
