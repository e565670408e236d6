//! The port to what answers the peers' requests.

use async_trait::async_trait;
use bytes::Bytes;
use flotilla_model::NodeId;

use crate::bulk::{ChunkReader, ChunkWriter};
use crate::error::Refusal;
use crate::lane::Lane;

/// The code of the refusals below.
const CODE_NOT_OFFERED: u16 = 501;

/// Answers requests and streams of admitted peers. Each runs as a task of its own, which is dropped when the peer
/// cancels, its deadline passes, or its connection ends; a panic costs that one request.
///
/// Up to its first wait a request runs in the task that reads the connection: requests of one connection take that first
/// step in the order in which they were sent, and a long computation there keeps those behind it waiting.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Answers a request.
    async fn request(&self, from: NodeId, lane: Lane, body: Bytes) -> Result<Bytes, Refusal>;

    /// Takes a stream. `chunks` ends with `None` only when the sender has sent everything; an aborted or cut stream
    /// ends with an error, after which the result of this function is of no use to anyone.
    async fn upload(&self, _from: NodeId, _header: Bytes, _chunks: &mut ChunkReader) -> Result<Bytes, Refusal> {
        Err(Refusal::new(CODE_NOT_OFFERED, "this node takes no uploads"))
    }

    /// Gives a stream: [`ChunkWriter::start`] once, then chunks. `Ok` ends it as whole; `Err` before the start is a
    /// refusal, after it an abort that the reader sees as an error.
    async fn download(&self, _from: NodeId, _header: Bytes, _sink: &mut ChunkWriter) -> Result<(), Refusal> {
        Err(Refusal::new(CODE_NOT_OFFERED, "this node gives no downloads"))
    }
}
