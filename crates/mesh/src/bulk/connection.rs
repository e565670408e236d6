//! A connection of the bulk lane: one stream at a time, frames in order.

use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf};
use tokio_rustls::TlsStream;

use crate::bulk::error::StreamError;
use crate::error::Refusal;
use crate::limits::Limits;
use crate::network::BoxedStream;
use crate::stats::Stats;
use crate::wire::frame::{Frame, Kind};
use crate::wire::reader::FrameReader;
use crate::wire::refused::{RefusedBody, RefusedClass};
use crate::wire::writer::{WriteEnd, write_frames};

/// The id of a `Refused` frame after which the connection is used on.
pub(super) const KEPT: u64 = 1;

type Tls = TlsStream<BoxedStream>;

pub(super) struct BulkConnection {
    pub(super) reader: FrameReader<ReadHalf<Tls>>,
    writer: WriteHalf<Tls>,
    limits: Limits,
    stats: Arc<Stats>,
}

impl BulkConnection {
    pub(super) fn new(stream: Tls, limits: &Limits, stats: Arc<Stats>) -> Self {
        let (read, writer) = tokio::io::split(stream);
        let body_max_bytes = limits.chunk_max_bytes.max(limits.bulk_header_max_bytes);
        Self { reader: FrameReader::new(read, body_max_bytes, stats.clone()), writer, limits: *limits, stats }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) async fn write(&mut self, frame: &Frame) -> Result<(), StreamError> {
        match write_frames(&mut self.writer, std::slice::from_ref(frame), &self.limits, &self.stats).await {
            WriteEnd::Finished => Ok(()),
            WriteEnd::Stalled => Err(StreamError::Stalled),
            WriteEnd::Io(error) => Err(StreamError::Cut(error.to_string())),
        }
    }

    /// Writes frames together, and takes notice of whatever the other end says meanwhile: a receiver that has failed says so
    /// before the sender is done.
    pub(super) async fn write_watching(&mut self, frames: &[Frame]) -> Result<(), StreamError> {
        let Self { reader, writer, limits, stats } = self;
        tokio::select! {
            biased;
            early = reader.next() => Err(match early {
                Ok(frame) => early_answer(frame),
                Err(error) => StreamError::Cut(error.to_string()),
            }),
            written = write_frames(writer, frames, limits, stats) => match written {
                WriteEnd::Finished => Ok(()),
                WriteEnd::Stalled => Err(StreamError::Stalled),
                WriteEnd::Io(error) => Err(StreamError::Cut(error.to_string())),
            },
        }
    }

    pub(super) async fn read(&mut self) -> Result<Frame, StreamError> {
        match tokio::time::timeout(self.limits.bulk_stall_timeout, self.reader.next()).await {
            Err(_) => Err(StreamError::Stalled),
            Ok(frame) => frame.map_err(|error| StreamError::Cut(error.to_string())),
        }
    }

    /// Refuses a stream of which nothing more comes: the connection is in order for the next one.
    pub(super) async fn refuse_and_keep(mut self, refused: RefusedBody) -> Option<Self> {
        self.write(&Frame::new(Kind::Refused, KEPT, refused.encode())).await.ok().map(|()| self)
    }

    /// Refuses or aborts; then reads what still comes until the other end has seen it, for a limited time.
    pub(super) async fn refuse(mut self, refused: RefusedBody) {
        let told = self.write(&Frame::new(Kind::Refused, 0, refused.encode())).await;
        if told.is_ok() && self.writer.shutdown().await.is_ok() {
            // Without reading, the socket would reset and the refusal might be lost.
            let _ = tokio::time::timeout(self.limits.write_stall_timeout, self.reader.drain()).await;
        }
    }
}

/// What a frame means that comes from a receiver in the middle of a stream.
fn early_answer(frame: Frame) -> StreamError {
    match frame.kind {
        Kind::Refused => StreamError::Receiver(RefusedBody::decode(frame.body).into()),
        _ => StreamError::Malformed,
    }
}

/// What a refusal in the middle of a stream of chunks means to its reader.
pub(super) fn aborted(body: Bytes) -> StreamError {
    let refused = RefusedBody::decode(body);
    StreamError::Aborted(Refusal::new(refused.code, refused.text))
}

pub(super) fn application(refusal: Refusal) -> RefusedBody {
    RefusedBody::new(RefusedClass::Application, refusal.code, refusal.text)
}
