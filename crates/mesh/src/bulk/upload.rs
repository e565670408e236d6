//! The sending end of an upload. A small one goes out whole with one write, and wakes the receiver once.

use bytes::Bytes;

use crate::bulk::connection::{BulkConnection, KEPT, application};
use crate::bulk::error::StreamError;
use crate::bulk::pool::Lease;
use crate::error::{CallError, UnknownReason};
use crate::wire::frame::{Frame, Kind};
use crate::wire::refused::RefusedBody;

/// Sent together: less than this waits for what comes next.
const TOGETHER_BYTES: usize = 128 << 10;

/// Sends the chunks of an upload. Dropping it before [`UploadStream::finish`] cuts the stream, which its reader sees
/// as an error.
pub struct UploadStream {
    connection: BulkConnection,
    lease: Lease,
    /// Not written yet, the header first.
    waiting: Vec<Frame>,
    waiting_bytes: usize,
    sent_bytes: u64,
}

impl UploadStream {
    pub(super) fn new(connection: BulkConnection, lease: Lease, header: Frame) -> Self {
        Self { connection, lease, waiting_bytes: header.body.len(), waiting: vec![header], sent_bytes: 0 }
    }

    /// Sends a piece; one longer than a chunk goes as several. A short one waits for what follows. Waits while the receiver
    /// does not read. An error is final; it carries the receiver's refusal when that is the cause.
    pub async fn send(&mut self, mut piece: Bytes) -> Result<(), StreamError> {
        while !piece.is_empty() {
            let chunk = piece.split_to(piece.len().min(self.connection.limits().chunk_max_bytes));
            let length = chunk.len() as u64;
            self.sent_bytes += length;
            self.waiting_bytes += length as usize;
            self.waiting.push(Frame::new(Kind::Chunk, 0, chunk));
            if self.waiting_bytes >= TOGETHER_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Writes what waits: for whoever does not know when more comes.
    pub async fn flush(&mut self) -> Result<(), StreamError> {
        self.connection.write_watching(&self.waiting).await?;
        self.waiting.clear();
        self.waiting_bytes = 0;
        Ok(())
    }

    /// Says that the stream is whole, and waits for the receiver's answer.
    pub async fn finish(mut self) -> Result<Bytes, CallError> {
        self.waiting.push(Frame::bare(Kind::End, self.sent_bytes));
        self.flush().await?;
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
    pub async fn abort(mut self, refusal: crate::Refusal) {
        // A refusal must follow on an opening, or it makes no sense to the receiver.
        if self.flush().await.is_err() {
            return;
        }
        self.connection.refuse(application(refusal)).await;
    }

    /// Bytes taken so far.
    pub fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }
}

impl std::fmt::Debug for UploadStream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("UploadStream").field("sent_bytes", &self.sent_bytes).finish_non_exhaustive()
    }
}
