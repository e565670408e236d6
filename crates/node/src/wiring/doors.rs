//! What other nodes may ask of this one: the mesh's handler.
//!
//! The mesh listens before the parts behind it are built, so each door opens when its part is there; until then a caller
//! is told that the node is starting.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;
use flotilla_actors::ports::Heartbeat;
use flotilla_consensus::Consensus;
use flotilla_files::{ByteRange, FileService, StreamError};
use flotilla_mesh::{ChunkReader, ChunkWriter, Handler, Lane, Refusal};
use flotilla_model::{BlobId, NodeId};
use futures::StreamExt;
use serde::{Deserialize, Serialize};

use super::{heartbeat, state_stream};
use crate::operations::Operations;

/// First byte of a request on the control lane: who answers it.
pub(super) const CONSENSUS: u8 = 1;
pub(super) const REMOVE_BLOB: u8 = 2;
/// Followed by JSON: see [`flotilla_admin::nodes`].
pub(super) const OPERATION: u8 = 3;
/// First byte of heartbeats and of headers of streams.
pub(super) const FORMAT_VERSION: u8 = 1;

pub(super) const CODE_STARTING: u16 = 503;
pub(super) const CODE_MALFORMED: u16 = 400;
const CODE_NOT_FOUND: u16 = 404;
pub(super) const CODE_FAILED: u16 = 500;

/// Header of a bulk stream that brings a blob.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PutHeader {
    pub(super) blob: BlobId,
    pub(super) length: Option<u64>,
}

/// Header of a bulk stream that fetches one.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GetHeader {
    pub(super) blob: BlobId,
    pub(super) range: ByteRange,
}

/// Whoever wants to know of heartbeats; never waits.
pub(crate) type HeartbeatSink = Box<dyn Fn(NodeId, Heartbeat) + Send + Sync>;

/// The doors, closed at first.
#[derive(Default)]
pub(crate) struct Doors {
    pub(crate) consensus: OnceLock<Consensus>,
    pub(crate) files: OnceLock<FileService>,
    pub(crate) heartbeats: OnceLock<HeartbeatSink>,
    pub(crate) operations: OnceLock<Arc<Operations>>,
}

fn starting() -> Refusal {
    Refusal::new(CODE_STARTING, "the node is starting")
}

pub(super) fn malformed(what: &str) -> Refusal {
    Refusal::new(CODE_MALFORMED, format!("{what} cannot be read"))
}

/// For what may be of another version than ours: fields are named.
pub(super) fn encode_json(value: &impl Serialize) -> Result<Bytes, serde_json::Error> {
    serde_json::to_vec(value).map(Bytes::from)
}

/// Encodes with the format's version in front.
pub(super) fn encode(value: &impl Serialize) -> Result<Bytes, postcard::Error> {
    postcard::to_extend(value, vec![FORMAT_VERSION]).map(Bytes::from)
}

/// Reads what [`encode`] wrote.
pub(super) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8], what: &str) -> Result<T, Refusal> {
    match bytes.split_first() {
        Some((&FORMAT_VERSION, body)) => postcard::from_bytes(body).map_err(|_| malformed(what)),
        _ => Err(malformed(what)),
    }
}

#[async_trait]
impl Handler for Doors {
    async fn request(&self, from: NodeId, lane: Lane, body: Bytes) -> Result<Bytes, Refusal> {
        match lane {
            Lane::Raft => {
                let consensus = self.consensus.get().ok_or_else(starting)?;
                Ok(consensus.handle(from, flotilla_consensus::Lane::Raft, body).await)
            }
            Lane::Control => self.control(from, body).await,
            Lane::Liveness => {
                let heartbeat = heartbeat::decode(&body)?;
                let sink = self.heartbeats.get().ok_or_else(starting)?;
                sink(from, heartbeat);
                Ok(Bytes::new())
            }
            Lane::Bulk => Err(malformed("a request on the bulk lane")),
        }
    }

    async fn upload(&self, _from: NodeId, header: Bytes, chunks: &mut ChunkReader) -> Result<Bytes, Refusal> {
        let files = self.files.get().ok_or_else(starting)?;
        let header: PutHeader = decode(&header, "the header of the blob")?;
        // The stream ends without an error only when the sender has said that it was all.
        let stream = futures::stream::unfold((chunks, false), |(chunks, ended)| async move {
            if ended {
                return None;
            }
            match chunks.next().await {
                Ok(Some(chunk)) => Some((Ok(chunk), (chunks, false))),
                Ok(None) => None,
                Err(error) => Some((Err(StreamError::Aborted(error.to_string())), (chunks, true))),
            }
        });
        let digest = files.handle_put(header.blob, header.length, Box::pin(stream)).await;
        let digest = digest.map_err(|error| Refusal::new(CODE_FAILED, error.to_string()))?;
        encode(&digest).map_err(|_| malformed("the digest"))
    }

    async fn download(&self, _from: NodeId, header: Bytes, sink: &mut ChunkWriter) -> Result<(), Refusal> {
        if header.first() == Some(&state_stream::STATE) {
            let consensus = self.consensus.get().ok_or_else(starting)?;
            return state_stream::send(consensus, sink).await;
        }
        let files = self.files.get().ok_or_else(starting)?;
        let header: GetHeader = decode(&header, "the header of the request")?;
        let (digest, mut chunks) = files.handle_get(header.blob, header.range).await.map_err(|error| {
            let code =
                if matches!(error, flotilla_files::StoreError::NotFound { .. }) { CODE_NOT_FOUND } else { CODE_FAILED };
            Refusal::new(code, error.to_string())
        })?;
        let cut = |error: flotilla_mesh::StreamError| Refusal::new(CODE_FAILED, error.to_string());
        sink.start(encode(&digest).map_err(|_| malformed("the digest"))?).await.map_err(cut)?;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| Refusal::new(CODE_FAILED, error.to_string()))?;
            sink.send(chunk).await.map_err(cut)?;
        }
        Ok(())
    }
}

impl Doors {
    async fn control(&self, from: NodeId, body: Bytes) -> Result<Bytes, Refusal> {
        match body.first() {
            Some(&CONSENSUS) => {
                let consensus = self.consensus.get().ok_or_else(starting)?;
                Ok(consensus.handle(from, flotilla_consensus::Lane::Control, body.slice(1..)).await)
            }
            Some(&REMOVE_BLOB) => {
                let files = self.files.get().ok_or_else(starting)?;
                let blob: BlobId = decode(&body[1..], "the blob's id")?;
                files.handle_remove(blob).await.map_err(|error| Refusal::new(CODE_FAILED, error.to_string()))?;
                Ok(Bytes::new())
            }
            Some(&OPERATION) => {
                let operations = self.operations.get().ok_or_else(starting)?;
                let request = serde_json::from_slice(&body[1..])
                    .map_err(|error| Refusal::new(CODE_MALFORMED, error.to_string()))?;
                let answer = operations.carry_out(request).await;
                encode_json(&answer).map_err(|error| Refusal::new(CODE_FAILED, error.to_string()))
            }
            _ => Err(malformed("the request")),
        }
    }
}
