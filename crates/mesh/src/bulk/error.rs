//! Why a stream did not come to its end.

use crate::error::{CallError, Refusal, UnknownReason};

/// Why a stream failed. Whatever was read of it so far must be thrown away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The sender gave up and said why.
    #[error("aborted by the sender: {0}")]
    Aborted(Refusal),
    /// The receiver refused or failed; the stream is of no use to it.
    #[error("ended by the receiver: {0}")]
    Receiver(CallError),
    /// The connection ended before the end of the stream.
    #[error("cut off before its end: {0}")]
    Cut(String),
    /// Nothing moved for too long.
    #[error("stalled: nothing moved for too long")]
    Stalled,
    /// The end frame announces another length than came.
    #[error("{received_bytes} bytes came, {announced_bytes} were announced")]
    Short {
        /// What came.
        received_bytes: u64,
        /// What the sender says it sent.
        announced_bytes: u64,
    },
    /// A frame that does not belong here.
    #[error("the peer does not keep to the protocol of streams")]
    Malformed,
    /// [`crate::ChunkWriter::start`] was not called, or called twice.
    #[error("the header of a download is sent once, before its chunks")]
    Header,
}

impl From<StreamError> for CallError {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Receiver(error) => error,
            StreamError::Aborted(refusal) => Self::Refused(refusal),
            other => Self::Unknown(UnknownReason::ConnectionEnded(other.to_string())),
        }
    }
}
