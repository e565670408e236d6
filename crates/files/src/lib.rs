//! File contents: the local disk, with replicas on other nodes.
//!
//! A blob is written once, by streaming, and named by an id. The namespace (which path shows which blob) lives in the replicated
//! state, so nothing is renamed after a commit, and a blob that no row of the state names is swept after a grace time.
//!
//! - [`BlobStore`] keeps blobs on one disk: small ones share append-only segments and one sync for many, large ones have a file
//!   of their own, written with direct I/O from reused buffers.
//! - [`Files`] is the facade for gateways and actors: an upload is done when enough nodes have synced the same bytes.
//! - [`Replicator`] is the port to other nodes; [`FileService`] is its other end.
//!
//! This crate knows no protocol, no actor and no state beyond ids.

mod buffer;
mod chunker;
mod config;
mod copies;
mod counters;
mod download;
mod error;
mod fan_out;
mod faults;
mod files;
mod probe;
mod rate;
mod repair;
mod replicator;
mod scrub;
mod service;
mod store;
mod stream;
mod upload;

pub use buffer::BufferPool;
pub use config::{BlobStoreConfig, FilesConfig};
pub use counters::{Counters, CountersSnapshot};
pub use download::{Download, ReadRequest};
pub use error::{OpenError, ReadError, RepairError, ReplicaError, StoreError, StreamError, UploadError};
pub use faults::{DiskGate, DiskOperation, OpenGate};
pub use files::Files;
pub use flotilla_model::{BlobId, NodeId, Sha256};
pub use probe::DiskProbe;
pub use rate::RateLimiter;
pub use repair::Repaired;
pub use replicator::Replicator;
pub use scrub::{ScrubReport, SweepReport};
pub use service::FileService;
pub use store::{BlobReader, BlobStat, BlobStore, BlobWriter, CompactionReport};
pub use stream::{BlobDigest, ByteRange, ChunkStream, collect};
pub use upload::{StoredBlob, UploadRequest};
