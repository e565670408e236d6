//! The reading end of a stream.

use bytes::Bytes;

use crate::bulk::connection::{BulkConnection, aborted};
use crate::bulk::error::StreamError;
use crate::bulk::pool::Lease;
use crate::wire::frame::Kind;

/// Reads the chunks of a stream. Holds one chunk at most; the sender waits when nobody reads.
pub struct ChunkReader {
    connection: Option<BulkConnection>,
    /// Where the connection goes back to after the end; none on the serving side.
    lease: Option<Lease>,
    received_bytes: u64,
    state: State,
}

#[derive(Clone, PartialEq, Eq)]
enum State {
    Open,
    Whole,
    Failed(StreamError),
}

impl ChunkReader {
    pub(super) fn new(connection: BulkConnection, lease: Option<Lease>) -> Self {
        Self { connection: Some(connection), lease, received_bytes: 0, state: State::Open }
    }

    /// The next chunk; `None` when the sender has sent everything. An error is final and repeats.
    pub async fn next(&mut self) -> Result<Option<Bytes>, StreamError> {
        match &self.state {
            State::Open => {}
            State::Whole => return Ok(None),
            State::Failed(error) => return Err(error.clone()),
        }
        match self.read().await {
            Ok(Some(chunk)) => Ok(Some(chunk)),
            Ok(None) => {
                self.state = State::Whole;
                // The serving side has no lease, and takes its connection back itself.
                if let Some(lease) = self.lease.take()
                    && let Some(connection) = self.connection.take()
                {
                    lease.give_back(connection);
                }
                Ok(None)
            }
            Err(error) => {
                self.state = State::Failed(error.clone());
                Err(error)
            }
        }
    }

    async fn read(&mut self) -> Result<Option<Bytes>, StreamError> {
        let Some(connection) = self.connection.as_mut() else { return Err(StreamError::Malformed) };
        let frame = connection.read().await?;
        match frame.kind {
            Kind::Chunk => {
                self.received_bytes += frame.body.len() as u64;
                Ok(Some(frame.body))
            }
            Kind::End if frame.id == self.received_bytes => Ok(None),
            Kind::End => Err(StreamError::Short { received_bytes: self.received_bytes, announced_bytes: frame.id }),
            Kind::Refused => Err(aborted(frame.body)),
            _ => Err(StreamError::Malformed),
        }
    }

    /// Bytes read so far.
    pub fn received_bytes(&self) -> u64 {
        self.received_bytes
    }

    /// The connection, and whether it is in order for another stream.
    pub(super) fn into_connection(self) -> Option<(BulkConnection, bool)> {
        let whole = self.state == State::Whole;
        self.connection.map(|connection| (connection, whole))
    }
}

impl std::fmt::Debug for ChunkReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ChunkReader").field("received_bytes", &self.received_bytes).finish_non_exhaustive()
    }
}
