//! Writes frames. All that is queued goes out together: small frames are gathered into one buffer, long bodies are
//! written from where they are, and each batch is one flush. A batch that does not get through in time ends the
//! connection: the peer is slow, and its queue must not grow.

use std::io::{self, IoSlice};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::limits::Limits;
use crate::stats::Stats;
use crate::wire::frame::Frame;
use crate::wire::outbox::{Batch, Outbox};

/// One batch; bounds how long a pong waits behind others.
const BATCH_MAX_BYTES: usize = 256 * 1024;
/// Gathered before it is handed to TLS: four records.
const GATHER_MAX_BYTES: usize = 64 * 1024;
/// Copying a body up to this size is cheaper than a write of its own.
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
    let mut gathered = BytesMut::with_capacity(GATHER_MAX_BYTES);
    loop {
        let Batch::Frames(batch) = outbox.take(BATCH_MAX_BYTES).await else {
            return WriteEnd::Finished;
        };
        let bytes: usize = batch.iter().map(|outgoing| outgoing.frame.wire_bytes()).sum();
        let written = async {
            for outgoing in &batch {
                write_gathering(writer, &outgoing.frame, &mut gathered).await?;
            }
            flush(writer, &mut gathered).await
        };
        match tokio::time::timeout(limits.write_timeout(bytes), written).await {
            Err(_) => return WriteEnd::Stalled,
            Ok(Err(error)) => return WriteEnd::Io(error),
            Ok(Ok(())) => stats.sent(bytes),
        }
    }
}

/// Writes one frame and flushes; for streams, whose chunks are large and come one at a time.
pub(crate) async fn write_frame<W: AsyncWrite + Unpin>(
    writer: &mut W,
    frame: &Frame,
    limits: &Limits,
    stats: &Stats,
) -> WriteEnd {
    let mut gathered = BytesMut::with_capacity(64);
    let written = async {
        write_gathering(writer, frame, &mut gathered).await?;
        flush(writer, &mut gathered).await
    };
    let bytes = frame.wire_bytes();
    match tokio::time::timeout(limits.bulk_stall_timeout, written).await {
        Err(_) => WriteEnd::Stalled,
        Ok(Err(error)) => WriteEnd::Io(error),
        Ok(Ok(())) => {
            stats.sent(bytes);
            WriteEnd::Finished
        }
    }
}

async fn write_gathering<W: AsyncWrite + Unpin>(
    writer: &mut W,
    frame: &Frame,
    gathered: &mut BytesMut,
) -> io::Result<()> {
    frame.put_head(gathered);
    if frame.body.len() > BODY_COPY_MAX_BYTES {
        write_both(writer, gathered, frame.body.clone()).await
    } else {
        gathered.extend_from_slice(&frame.body);
        if gathered.len() < GATHER_MAX_BYTES {
            return Ok(());
        }
        write_both(writer, gathered, Bytes::new()).await
    }
}

async fn write_both<W: AsyncWrite + Unpin>(writer: &mut W, gathered: &mut BytesMut, mut body: Bytes) -> io::Result<()> {
    while !gathered.is_empty() && !body.is_empty() {
        let mut length = writer.write_vectored(&[IoSlice::new(gathered), IoSlice::new(&body)]).await?;
        if length == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let from_gathered = length.min(gathered.len());
        gathered.advance(from_gathered);
        length -= from_gathered;
        body.advance(length);
    }
    writer.write_all(gathered).await?;
    gathered.clear();
    writer.write_all(&body).await
}

async fn flush<W: AsyncWrite + Unpin>(writer: &mut W, gathered: &mut BytesMut) -> io::Result<()> {
    write_both(writer, gathered, Bytes::new()).await?;
    writer.flush().await
}
