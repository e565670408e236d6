//! How the payload of a log entry becomes bytes, in the log and on the mesh alike: a kind and its bytes.

use bytes::Bytes;

use crate::types::{EntryPayload, Payload, RaftMembership};

pub(crate) const KIND_BLANK: u8 = 1;
pub(crate) const KIND_BATCH: u8 = 2;
pub(crate) const KIND_MEMBERSHIP: u8 = 3;

/// Why the payload of an entry could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntryCodecError {
    /// The kind is none that this version knows.
    #[error("unknown kind of log entry: {kind}")]
    UnknownKind {
        /// The kind found.
        kind: u8,
    },
    /// The membership is malformed.
    #[error("malformed membership in a log entry")]
    Membership(#[from] postcard::Error),
}

/// The kind and the bytes of a payload. A batch is not copied.
pub(crate) fn encode(payload: &EntryPayload) -> Result<(u8, Bytes), EntryCodecError> {
    Ok(match payload {
        EntryPayload::Blank => (KIND_BLANK, Bytes::new()),
        EntryPayload::Normal(batch) => (KIND_BATCH, batch.0.clone()),
        EntryPayload::Membership(membership) => (KIND_MEMBERSHIP, postcard::to_allocvec(membership)?.into()),
    })
}

/// The payload from its kind and bytes. A batch is not copied, and not looked into.
pub(crate) fn decode(kind: u8, bytes: Bytes) -> Result<EntryPayload, EntryCodecError> {
    match kind {
        KIND_BLANK => Ok(EntryPayload::Blank),
        KIND_BATCH => Ok(EntryPayload::Normal(Payload(bytes))),
        KIND_MEMBERSHIP => Ok(EntryPayload::Membership(postcard::from_bytes::<RaftMembership>(&bytes)?)),
        kind => Err(EntryCodecError::UnknownKind { kind }),
    }
}
