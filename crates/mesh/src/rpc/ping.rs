//! Signs of life, and the ways in which a connection ends.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::limits::LaneLimits;
use crate::stats::Stats;
use crate::wire::cut::CutReason;
use crate::wire::frame::{Frame, Kind};
use crate::wire::outbox::Outbox;
use crate::wire::reader::{FrameReader, ReadError};
use crate::wire::writer::WriteEnd;

/// A farewell that is not written in this time is not written at all.
const FAREWELL_TIMEOUT: Duration = Duration::from_millis(200);

/// While the peer is heard anyhow, one look and one ping in so many intervals, to measure the round trip.
const INTERVALS_WHILE_HEARD: u32 = 5;

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConnectionEnd {
    /// It broke.
    Lost(String),
    /// The peer said goodbye.
    CutByPeer(CutReason),
    /// We ended it because of the peer.
    Cut(CutReason),
    /// We stop.
    Stopped,
}

impl ConnectionEnd {
    /// Whether the connection can still carry the reason.
    pub(crate) fn can_be_told(&self) -> bool {
        match self {
            Self::Lost(_) | Self::CutByPeer(_) => false,
            Self::Cut(reason) => !matches!(reason, CutReason::SlowPeer | CutReason::Silent),
            Self::Stopped => true,
        }
    }

    fn farewell_reason(&self) -> CutReason {
        match self {
            Self::Cut(reason) => *reason,
            _ => CutReason::ShuttingDown,
        }
    }
}

impl fmt::Display for ConnectionEnd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(text) => formatter.write_str(text),
            Self::CutByPeer(reason) => write!(formatter, "the peer ended the connection: {reason}"),
            Self::Cut(reason) => write!(formatter, "we cut the peer off: {reason}"),
            Self::Stopped => formatter.write_str("this connection was stopped here"),
        }
    }
}

impl From<ReadError> for ConnectionEnd {
    fn from(error: ReadError) -> Self {
        match error.cut_reason() {
            Some(reason) => Self::Cut(reason),
            None => Self::Lost(error.to_string()),
        }
    }
}

impl From<WriteEnd> for ConnectionEnd {
    fn from(end: WriteEnd) -> Self {
        match end {
            WriteEnd::Finished => Self::Lost("nothing more to write".to_owned()),
            WriteEnd::Stalled => Self::Cut(CutReason::SlowPeer),
            WriteEnd::Io(error) => Self::Lost(error.to_string()),
        }
    }
}

/// Asks for signs of life, and ends when there are none. Any byte from the peer is one. Silence counts when two checks
/// in a row find it: after a pause of this process the first one only proves that we did not listen.
pub(crate) async fn keep_alive(outbox: &Outbox, limits: &LaneLimits, stats: &Stats) -> ConnectionEnd {
    let mut was_silent = false;
    loop {
        let silent = silent_for(stats);
        let is_silent = silent > limits.silence_timeout;
        if is_silent && was_silent {
            return ConnectionEnd::Cut(CutReason::Silent);
        }
        was_silent = is_silent;
        // Cannot flood: one an interval, and after the silence timeout the connection ends.
        if outbox.push_control(Frame::bare(Kind::Ping, stats.monotonic_us())).is_err() {
            return std::future::pending().await;
        }
        // What this side hears are answers, so it has asked, and the other side has heard it as well.
        let is_heard = silent < limits.ping_interval * 2;
        // At most half the time in which silence would count: what is silent meanwhile is noticed as early as otherwise.
        let while_heard = (limits.ping_interval * INTERVALS_WHILE_HEARD).min(limits.silence_timeout / 2);
        tokio::time::sleep(if is_heard { while_heard } else { limits.ping_interval }).await;
    }
}

/// Ends when the peer, which asks for signs of life, has not been heard for twice its own limit.
pub(crate) async fn watch_silence(limits: &LaneLimits, stats: &Stats) -> ConnectionEnd {
    let limit = limits.silence_timeout * 2;
    let mut was_silent = false;
    loop {
        let left = limit.saturating_sub(silent_for(stats));
        if left.is_zero() && was_silent {
            return ConnectionEnd::Cut(CutReason::Silent);
        }
        was_silent = left.is_zero();
        tokio::time::sleep(left.max(limits.ping_interval)).await;
    }
}

fn silent_for(stats: &Stats) -> Duration {
    Duration::from_micros(stats.silent_for_us())
}

/// Waits, for a short time, until the writer has written all that is queued, the last word included.
pub(crate) async fn farewell<F: Future<Output = WriteEnd>>(writing: &mut Pin<&mut F>) {
    // A peer that does not take it finds the connection closed.
    let _ = tokio::time::timeout(FAREWELL_TIMEOUT, writing).await;
}

/// Reads on until the peer has closed too: a socket that is closed with unread bytes resets, and the last word is lost.
pub(crate) async fn linger<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(reader: &mut FrameReader<R>, writer: &mut W) {
    let lingering = async {
        if writer.shutdown().await.is_ok() {
            reader.drain().await;
        }
    };
    let _ = tokio::time::timeout(FAREWELL_TIMEOUT, lingering).await;
}

/// The last frame of a connection.
pub(crate) fn goodbye(end: &ConnectionEnd) -> Frame {
    Frame::bare(Kind::Goodbye, end.farewell_reason().code())
}
