//! Reads frames from a connection. Cancel-safe: a dropped [`FrameReader::next`] loses nothing.

use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::stats::Stats;
use crate::wire::cut::CutReason;
use crate::wire::frame::{Frame, FrameError, decode};

/// Large enough that a burst of small frames costs one read.
const BUFFER_BYTES: usize = 64 * 1024;

pub(crate) struct FrameReader<R> {
    source: R,
    buffer: BytesMut,
    body_max_bytes: usize,
    stats: Arc<Stats>,
}

/// Why no further frame comes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("the peer closed the connection")]
    Closed,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl ReadError {
    /// The reason to give the peer when its bytes are to blame.
    pub(crate) fn cut_reason(&self) -> Option<CutReason> {
        match self {
            Self::Closed | Self::Io(_) => None,
            Self::Frame(FrameError::TooLong { .. }) => Some(CutReason::FrameTooLong),
            Self::Frame(_) => Some(CutReason::Malformed),
        }
    }
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(crate) fn new(source: R, body_max_bytes: usize, stats: Arc<Stats>) -> Self {
        Self { source, buffer: BytesMut::with_capacity(BUFFER_BYTES), body_max_bytes, stats }
    }

    /// The next frame, or why there is none.
    pub(crate) async fn next(&mut self) -> Result<Frame, ReadError> {
        loop {
            match decode(&mut self.buffer, self.body_max_bytes)? {
                Ok(frame) => return Ok(frame),
                // The limit is checked, so the peer cannot make us reserve more than one frame.
                Err(missing) => self.buffer.reserve(missing.max(BUFFER_BYTES / 4)),
            }
            let length = self.source.read_buf(&mut self.buffer).await?;
            if length == 0 {
                return Err(ReadError::Closed);
            }
            self.stats.received(length);
        }
    }

    /// Whether the connection is quiet: nothing buffered, nothing arriving, not ended. For idle ones.
    pub(crate) fn is_quiet(&mut self) -> bool {
        use futures::FutureExt;
        self.buffer.is_empty() && self.source.read_buf(&mut self.buffer).now_or_never().is_none()
    }

    /// Reads and drops whatever comes, to the end.
    pub(crate) async fn drain(&mut self) {
        self.buffer.clear();
        while self.source.read_buf(&mut self.buffer).await.is_ok_and(|length| length > 0) {
            self.buffer.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::Kind;
    use bytes::Bytes;
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn frames_arrive_whole_however_the_bytes_are_cut() {
        let (mut near, far) = tokio::io::duplex(7);
        let frames: Vec<Frame> =
            (0..20).map(|id| Frame::new(Kind::Response, id, Bytes::from(vec![id as u8; id as usize * 37]))).collect();
        let mut wire = BytesMut::new();
        for frame in &frames {
            frame.put_head(&mut wire);
            wire.extend_from_slice(&frame.body);
        }
        let writer = tokio::spawn(async move {
            near.write_all(&wire).await.unwrap();
        });
        let mut reader = FrameReader::new(far, 1024, Arc::default());
        for frame in frames {
            assert_eq!(reader.next().await.unwrap(), frame);
        }
        assert!(matches!(reader.next().await, Err(ReadError::Closed)));
        writer.await.unwrap();
    }
}
