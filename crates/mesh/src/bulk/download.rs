//! The serving end of a download.

use bytes::Bytes;

use crate::bulk::connection::BulkConnection;
use crate::bulk::error::StreamError;
use crate::wire::frame::{Frame, Kind};

/// Sends the header and the chunks of a download. The mesh sends the end when the handler returns `Ok`.
pub struct ChunkWriter {
    connection: BulkConnection,
    started: bool,
    sent_bytes: u64,
    failed: bool,
}

impl ChunkWriter {
    pub(super) fn new(connection: BulkConnection) -> Self {
        Self { connection, started: false, sent_bytes: 0, failed: false }
    }

    /// Sends the header: from here on the download is accepted.
    pub async fn start(&mut self, header: Bytes) -> Result<(), StreamError> {
        if self.started || header.len() > self.connection.limits().bulk_header_max_bytes {
            return Err(StreamError::Header);
        }
        self.started = true;
        self.write(Frame::new(Kind::Header, 0, header)).await
    }

    /// Sends a piece; one longer than a chunk goes as several. Waits while the reader does not read.
    pub async fn send(&mut self, mut piece: Bytes) -> Result<(), StreamError> {
        if !self.started {
            return Err(StreamError::Header);
        }
        while !piece.is_empty() {
            let chunk = piece.split_to(piece.len().min(self.connection.limits().chunk_max_bytes));
            let length = chunk.len() as u64;
            self.write(Frame::new(Kind::Chunk, 0, chunk)).await?;
            self.sent_bytes += length;
        }
        Ok(())
    }

    async fn write(&mut self, frame: Frame) -> Result<(), StreamError> {
        let written = self.connection.write_watching(&[frame]).await;
        self.failed |= written.is_err();
        written
    }

    pub(super) fn started(&self) -> bool {
        self.started
    }

    /// Ends the stream as whole; gives the connection back when it is in order.
    pub(super) async fn finish(mut self) -> Option<BulkConnection> {
        // A handler that overlooked a failed write must not make a whole stream of it.
        if self.failed || !self.started {
            return None;
        }
        self.connection.write(&Frame::bare(Kind::End, self.sent_bytes)).await.ok()?;
        Some(self.connection)
    }

    pub(super) fn into_connection(self) -> BulkConnection {
        self.connection
    }
}

impl std::fmt::Debug for ChunkWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ChunkWriter").field("sent_bytes", &self.sent_bytes).finish_non_exhaustive()
    }
}
