//! What can go wrong, by operation. Causes are shared, because one failed sync fails many blobs.

use std::{io, sync::Arc};

use flotilla_model::{BlobId, NodeId};

use crate::BlobDigest;

/// The directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the blob directory is in use by another process")]
    InUse,
    #[error("cannot {step} in the blob directory")]
    Io { step: &'static str, source: io::Error },
}

/// A blob cannot be written to or read from the local disk.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    #[error("blob {0} is not stored on this node")]
    NotFound(BlobId),
    #[error("blob {0} is already stored with other contents")]
    Conflict(BlobId),
    #[error("blob {0} was removed before it was stored")]
    Removed(BlobId),
    #[error("no room on the disk: {free_bytes} bytes are free, {needed_bytes} are needed besides the reserve")]
    NoSpace { free_bytes: u64, needed_bytes: u64 },
    #[error("contents of blob {blob} are not what was announced")]
    Mismatch { blob: BlobId, expected: BlobDigest, actual: BlobDigest },
    #[error("blob {blob} is damaged on the disk")]
    Corrupt { blob: BlobId },
    #[error("range is beyond the {length} bytes of the blob")]
    InvalidRange { length: u64 },
    #[error("cannot {step}")]
    Io { step: &'static str, source: Arc<io::Error> },
    #[error("the blob store is closed")]
    Closed,
}

impl StoreError {
    pub(crate) fn io(step: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::NoSpace { free_bytes: 0, needed_bytes: 0 }
            }
            _ => Self::Io { step, source: Arc::new(source) },
        }
    }

    /// The disk is full, as opposed to broken.
    pub fn is_no_space(&self) -> bool {
        matches!(self, Self::NoSpace { .. })
    }
}

/// Another node did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReplicaError {
    #[error("node cannot be reached: {0}")]
    Unreachable(String),
    #[error("node did not go on in time")]
    Stalled,
    #[error("node does not have the blob")]
    NotFound,
    #[error("node refused: {0}")]
    Refused(String),
    #[error("node stored other bytes than were sent")]
    Mismatch,
}

/// A stream of chunks broke off.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StreamError {
    #[error("source gave up: {0}")]
    Aborted(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    #[error("blob {blob} arrived damaged")]
    Damaged { blob: BlobId },
}

/// An upload did not become durable; nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error("{wanted} nodes must hold the file, {reached} can")]
    TooFewNodes { wanted: usize, reached: usize },
    #[error("more than the allowed {limit_bytes} bytes")]
    TooLarge { limit_bytes: u64 },
    #[error("{actual} bytes came, {announced} were announced")]
    WrongLength { announced: u64, actual: u64 },
    #[error("checksum is not the announced one")]
    WrongChecksum { actual: BlobDigest },
    #[error("source broke off")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// No node could give the bytes.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("range is beyond the {length} bytes of the file")]
    InvalidRange { length: u64 },
    #[error("none of the {tried} holders could give the file")]
    NoHolder { tried: usize },
}

/// A lost or damaged copy could not be made good.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    #[error("none of the holders could give the blob; last: node {node}: {source}")]
    NoHolder { node: NodeId, source: StreamError },
    #[error("no holder to fetch from")]
    NoCandidate,
    #[error(transparent)]
    Store(#[from] StoreError),
}
