//! The whole state as a stream of the bulk lane, for a node that is to be mended.

use std::io::{BufWriter, Write};

use bytes::Bytes;
use flotilla_consensus::Consensus;
use flotilla_mesh::{ChunkWriter, Refusal};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio::runtime::Handle;
use tokio_util::io::SyncIoBridge;

use super::doors::{CODE_FAILED, decode, encode};

/// First byte of the header of a stream that asks for the state. Headers of contents begin with their format's version.
pub(super) const STATE: u8 = 16;
/// Between the thread that encodes and the stream that sends.
const PIPE_BYTES: usize = 4 << 20;
const PIECE_BYTES: usize = 256 << 10;

/// What precedes the state.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StateHeader {
    /// The index of the log at which it was taken.
    pub(crate) index: u64,
}

impl StateHeader {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        decode(bytes, "the header of the state")
    }
}

/// The header that asks for it.
pub(crate) fn state_request() -> Bytes {
    Bytes::from_static(&[STATE])
}

/// Sends the state as it is now. Writers go on meanwhile.
pub(super) async fn send(consensus: &Consensus, sink: &mut ChunkWriter) -> Result<(), Refusal> {
    let failed = |error: &dyn std::fmt::Display| Refusal::new(CODE_FAILED, error.to_string());
    let view = consensus.view();
    let header = encode(&StateHeader { index: view.index }).map_err(|error| failed(&error))?;
    sink.start(header).await.map_err(|error| failed(&error))?;
    let (mut pipe, far_end) = tokio::io::duplex(PIPE_BYTES);
    let runtime = Handle::current();
    let encoding = tokio::task::spawn_blocking(move || {
        let mut writer = BufWriter::with_capacity(PIECE_BYTES, SyncIoBridge::new_with_handle(far_end, runtime));
        view.state.encode_snapshot(&mut writer).map_err(|error| error.to_string())?;
        writer.flush().map_err(|error| error.to_string())
    });
    let mut piece = bytes::BytesMut::with_capacity(PIECE_BYTES);
    while pipe.read_buf(&mut piece).await.map_err(|error| failed(&error))? > 0 {
        if piece.len() >= PIECE_BYTES {
            sink.send(piece.split().freeze()).await.map_err(|error| failed(&error))?;
            piece.reserve(PIECE_BYTES);
        }
    }
    // An encoding that failed has closed the pipe early: what was sent is not the whole.
    encoding.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
    sink.send(piece.freeze()).await.map_err(|error| failed(&error))
}
