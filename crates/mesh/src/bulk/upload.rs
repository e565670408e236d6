//! The sending end of an upload.

use bytes::Bytes;

use crate::bulk::connection::{BulkConnection, KEPT, application};
use crate::bulk::error::StreamError;
use crate::bulk::pool::Lease;
use crate::error::{CallError, UnknownReason};
use crate::wire::frame::{Frame, Kind};
use crate::wire::refused::RefusedBody;

/// Sends the chunks of an upload. Dropping it before [`UploadStream::finish`] cuts the stream, which its reader sees
/// as an error.
pub struct UploadStream {
    connection: BulkConnection,
    lease: Lease,
    sent_bytes: u64,
}

impl UploadStream {
    pub(super) fn new(connection: BulkConnection, lease: Lease) -> Self {
        Self { connection, lease, sent_bytes: 0 }
    }

    /// Sends a piece; one longer than a chunk goes as several. Waits while the receiver does not read. An error is
    /// final; it carries the receiver's refusal when that is the cause.
    pub async fn send(&mut self, mut piece: Bytes) -> Result<(), StreamError> {
        while !piece.is_empty() {
            let chunk = piece.split_to(piece.len().min(self.connection.limits().chunk_max_bytes));
            let length = chunk.len() as u64;
            self.connection.write_watching(&Frame::new(Kind::Chunk, 0, chunk)).await?;
            self.sent_bytes += length;
        }
        Ok(())
    }

    /// Says that the stream is whole, and waits for the receiver's answer.
    pub async fn finish(mut self) -> Result<Bytes, CallError> {
        self.connection.write_watching(&Frame::bare(Kind::End, self.sent_bytes)).await?;
        let frame = self.connection.read().await?;
        match frame.kind {
            Kind::Response => {
                self.lease.give_back(self.connection);
                Ok(frame.body)
            }
            Kind::Refused => {
                if frame.id == KEPT {
                    self.lease.give_back(self.connection);
                }
                Err(RefusedBody::decode(frame.body).into())
            }
            _ => Err(CallError::Unknown(UnknownReason::Malformed)),
        }
    }

    /// Gives up, with a reason for the receiver.
    pub async fn abort(self, refusal: crate::Refusal) {
        self.connection.refuse(application(refusal)).await;
    }

    /// Bytes sent so far.
    pub fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }
}

impl std::fmt::Debug for UploadStream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("UploadStream").field("sent_bytes", &self.sent_bytes).finish_non_exhaustive()
    }
}
