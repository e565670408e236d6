//! Writes frames. All that is queued goes out together: short bodies are gathered into one buffer, long ones are written from
//! where they are, and each batch is one flush. A batch that does not get through in time ends the connection: the peer is
//! slow, and its queue must not grow.

use std::io::{self, IoSlice};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::limits::Limits;
use crate::stats::Stats;
use crate::wire::frame::Frame;
use crate::wire::outbox::{Batch, Outbox};

/// One batch; bounds how long a pong waits behind others.
const BATCH_MAX_BYTES: usize = 256 * 1024;
/// Room for the short bodies of most batches.
const GATHER_BYTES: usize = 64 * 1024;
/// Copying a body up to this size is cheaper than a slice of its own.
const BODY_COPY_MAX_BYTES: usize = 16 * 1024;

/// How writing ended.
#[derive(Debug)]
pub(crate) enum WriteEnd {
    /// All that was to be said is written.
    Finished,
    /// The peer did not take a batch in time.
    Stalled,
    Io(io::Error),
}

/// Writes until the outbox ends. Owner: the connection's task, which drops it with the connection.
pub(crate) async fn write_all<W: AsyncWrite + Unpin>(
    writer: &mut W,
    outbox: &Outbox,
    limits: &Limits,
    stats: &Stats,
) -> WriteEnd {
    let mut pieces = Pieces::with_room(GATHER_BYTES);
    loop {
        let Batch::Frames(batch) = outbox.take(BATCH_MAX_BYTES).await else {
            return WriteEnd::Finished;
        };
        let bytes: usize = batch.iter().map(|outgoing| outgoing.frame.wire_bytes()).sum();
        batch.iter().for_each(|outgoing| pieces.push(&outgoing.frame));
        match tokio::time::timeout(limits.write_timeout(bytes), pieces.write(writer)).await {
            Err(_) => return WriteEnd::Stalled,
            Ok(Err(error)) => return WriteEnd::Io(error),
            Ok(Ok(())) => stats.sent(bytes),
        }
    }
}

/// Writes these frames and flushes; for streams.
pub(crate) async fn write_frames<W: AsyncWrite + Unpin>(
    writer: &mut W,
    frames: &[Frame],
    limits: &Limits,
    stats: &Stats,
) -> WriteEnd {
    let mut pieces = Pieces::with_room(64 * frames.len());
    frames.iter().for_each(|frame| pieces.push(frame));
    match tokio::time::timeout(limits.bulk_stall_timeout, pieces.write(writer)).await {
        Err(_) => WriteEnd::Stalled,
        Ok(Err(error)) => WriteEnd::Io(error),
        Ok(Ok(())) => {
            stats.sent(frames.iter().map(Frame::wire_bytes).sum());
            WriteEnd::Finished
        }
    }
}

/// Frames as they go out, in their order.
struct Pieces {
    closed: Vec<Bytes>,
    /// Heads and short bodies since the last long one.
    gathered: BytesMut,
}

impl Pieces {
    fn with_room(bytes: usize) -> Self {
        Self { closed: Vec::new(), gathered: BytesMut::with_capacity(bytes) }
    }

    fn push(&mut self, frame: &Frame) {
        frame.put_head(&mut self.gathered);
        if frame.body.len() > BODY_COPY_MAX_BYTES {
            self.close();
            self.closed.push(frame.body.clone());
        } else {
            self.gathered.extend_from_slice(&frame.body);
        }
    }

    fn close(&mut self) {
        if !self.gathered.is_empty() {
            self.closed.push(self.gathered.split().freeze());
        }
    }

    /// Hands all to the connection together, so that it makes few writes of them, and forgets it.
    async fn write<W: AsyncWrite + Unpin>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close();
        let mut slices: Vec<IoSlice<'_>> = self.closed.iter().map(|piece| IoSlice::new(piece)).collect();
        let mut rest = &mut slices[..];
        while !rest.is_empty() {
            let length = writer.write_vectored(rest).await?;
            if length == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            IoSlice::advance_slices(&mut rest, length);
        }
        self.closed.clear();
        writer.flush().await
    }
}
