//! Messages between nodes. Every byte may be hostile: lengths are limited, what is inside is checked, nothing panics.
//!
//! A request is a version, a kind and a body; an answer is a version, a status and a body. Small bodies are postcard.
//! `AppendEntries` is framed by hand, so that the payloads are copied once when sent and not at all when received.

mod append;
mod envelope;
mod reader;
mod snapshot_piece;

#[cfg(test)]
mod tests;

pub(crate) use append::{decode_append, encode_append};
pub(crate) use envelope::{Kind, Refusal, accept_answer, accept_request, answer, body_of, head, refuse, request};
pub(crate) use snapshot_piece::{SnapshotPiece, SnapshotPieceAnswer};

/// Version of all messages; raised when a form changes.
const VERSION: u8 = 1;
/// No message is longer. An `AppendEntries` holds about 1 MiB of entries, or one entry.
pub(crate) const MESSAGE_BYTES_MAX: usize = 8 << 20;

/// Why a message was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// Longer than any message is.
    #[error("message of {length} bytes is too long")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// It ends too early.
    #[error("message is cut off")]
    Truncated,
    /// Something follows its end.
    #[error("{count} bytes follow the end of the message")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// Another version speaks.
    #[error("message of version {found}; this node speaks version {VERSION}")]
    UnknownVersion {
        /// Its version.
        found: u8,
    },
    /// No such request.
    #[error("unknown kind of message: {found}")]
    UnknownKind {
        /// The kind found.
        found: u8,
    },
    /// A field has a value that it cannot have.
    #[error("field {field} is invalid")]
    InvalidField {
        /// The field.
        field: &'static str,
    },
    /// The body is malformed.
    #[error("malformed body")]
    Body(#[from] postcard::Error),
    /// A log entry in it is malformed.
    #[error(transparent)]
    Entry(#[from] crate::entry_codec::EntryCodecError),
    /// The peer refused the request.
    #[error("refused by the peer: {message}")]
    Refused {
        /// What it said.
        message: String,
    },
}
