//! Frames: `length u32, kind u8, id u64, [deadline_ms u32 in requests], body`, all big-endian. The length counts what
//! follows it. Pure: bytes in, frames out.

use bytes::{Buf, BufMut, Bytes, BytesMut};

const LENGTH_BYTES: usize = 4;
const KIND_AND_ID_BYTES: usize = 9;
const DEADLINE_BYTES: usize = 4;
/// The longest head: a request's.
pub(crate) const HEAD_MAX_BYTES: usize = LENGTH_BYTES + KIND_AND_ID_BYTES + DEADLINE_BYTES;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Asks; the id names the request, `deadline_ms` is the time left.
    Request = 1,
    /// Answers the request of the id.
    Response = 2,
    /// Answers with a refusal.
    Refused = 3,
    /// The asking side no longer waits.
    Cancel = 4,
    /// Wants a sign of life.
    Ping = 5,
    /// Gives it.
    Pong = 6,
    /// The sender ends the connection; the id is the reason.
    Goodbye = 7,
    /// Opens an upload; the body is its header.
    Upload = 8,
    /// Asks for a download; the body is its header.
    Download = 9,
    /// Precedes the chunks of a download.
    Header = 10,
    /// A piece of a stream.
    Chunk = 11,
    /// The stream is whole; the id is its length in bytes.
    End = 12,
    /// The accepting side shows another certificate now: the dialling side should make a new connection.
    Renew = 13,
}

impl Kind {
    fn from_code(code: u8) -> Option<Self> {
        let kinds = [
            Self::Request,
            Self::Response,
            Self::Refused,
            Self::Cancel,
            Self::Ping,
            Self::Pong,
            Self::Goodbye,
            Self::Upload,
            Self::Download,
            Self::Header,
            Self::Chunk,
            Self::End,
            Self::Renew,
        ];
        kinds.get(usize::from(code).checked_sub(1)?).copied()
    }
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) id: u64,
    /// Only in requests; else 0.
    pub(crate) deadline_ms: u32,
    pub(crate) body: Bytes,
}

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("a frame of {length_bytes} bytes is beyond the limit of {limit_bytes}")]
    TooLong { length_bytes: usize, limit_bytes: usize },
    #[error("a frame of {length_bytes} bytes is too short for its kind")]
    TooShort { length_bytes: usize },
    #[error("unknown kind of frame {code}")]
    UnknownKind { code: u8 },
}

impl Frame {
    pub(crate) fn new(kind: Kind, id: u64, body: Bytes) -> Self {
        Self { kind, id, deadline_ms: 0, body }
    }

    pub(crate) fn bare(kind: Kind, id: u64) -> Self {
        Self::new(kind, id, Bytes::new())
    }

    /// Bytes on the wire.
    pub(crate) fn wire_bytes(&self) -> usize {
        self.head_bytes() + self.body.len()
    }

    fn head_bytes(&self) -> usize {
        if self.kind == Kind::Request { HEAD_MAX_BYTES } else { HEAD_MAX_BYTES - DEADLINE_BYTES }
    }

    /// Appends all but the body.
    pub(crate) fn put_head(&self, buffer: &mut BytesMut) {
        let length = self.head_bytes() - LENGTH_BYTES + self.body.len();
        // Bodies are bounded far below 4 GiB before they come here; a longer one would be refused by the peer.
        buffer.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
        buffer.put_u8(self.kind as u8);
        buffer.put_u64(self.id);
        if self.kind == Kind::Request {
            buffer.put_u32(self.deadline_ms);
        }
    }
}

/// Takes one frame from the front of `buffer`; `Err(missing)` of the inner result tells how many bytes are needed.
pub(crate) fn decode(buffer: &mut BytesMut, body_max_bytes: usize) -> Result<Result<Frame, usize>, FrameError> {
    let Some(length) = buffer.first_chunk::<LENGTH_BYTES>() else {
        return Ok(Err(HEAD_MAX_BYTES - buffer.len()));
    };
    let length_bytes = u32::from_be_bytes(*length) as usize;
    let limit_bytes = KIND_AND_ID_BYTES + DEADLINE_BYTES + body_max_bytes;
    if length_bytes > limit_bytes {
        return Err(FrameError::TooLong { length_bytes, limit_bytes });
    }
    if length_bytes < KIND_AND_ID_BYTES {
        return Err(FrameError::TooShort { length_bytes });
    }
    let total = LENGTH_BYTES + length_bytes;
    if buffer.len() < total {
        return Ok(Err(total - buffer.len()));
    }
    let mut body = buffer.split_to(total).freeze();
    body.advance(LENGTH_BYTES);
    let code = body.get_u8();
    let kind = Kind::from_code(code).ok_or(FrameError::UnknownKind { code })?;
    let id = body.get_u64();
    let deadline_ms = match kind {
        Kind::Request if body.len() < DEADLINE_BYTES => return Err(FrameError::TooShort { length_bytes }),
        Kind::Request => body.get_u32(),
        _ => 0,
    };
    Ok(Ok(Frame { kind, id, deadline_ms, body }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(frame: &Frame) -> BytesMut {
        let mut buffer = BytesMut::new();
        frame.put_head(&mut buffer);
        buffer.extend_from_slice(&frame.body);
        buffer
    }

    fn frames() -> impl Strategy<Value = Frame> {
        (1u8..=12, any::<u64>(), any::<u32>(), proptest::collection::vec(any::<u8>(), 0..200)).prop_map(
            |(code, id, deadline_ms, body)| {
                let kind = Kind::from_code(code).expect("a known kind");
                let deadline_ms = if kind == Kind::Request { deadline_ms } else { 0 };
                Frame { kind, id, deadline_ms, body: body.into() }
            },
        )
    }

    #[test]
    fn the_layout_of_version_1_stays() {
        let request = Frame { kind: Kind::Request, id: 7, deadline_ms: 250, body: Bytes::from_static(b"ab") };
        assert_eq!(&encode(&request)[..], b"\0\0\0\x0f\x01\0\0\0\0\0\0\0\x07\0\0\0\xfaab");
        let response = Frame::new(Kind::Response, 7, Bytes::from_static(b"ab"));
        assert_eq!(&encode(&response)[..], b"\0\0\0\x0b\x02\0\0\0\0\0\0\0\x07ab");
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(frames in proptest::collection::vec(frames(), 1..5)) {
            let mut buffer = BytesMut::new();
            for frame in &frames {
                let encoded = encode(frame);
                prop_assert_eq!(encoded.len(), frame.wire_bytes());
                buffer.extend_from_slice(&encoded);
            }
            for frame in &frames {
                let decoded = decode(&mut buffer, 200);
                prop_assert_eq!(decoded.unwrap().unwrap(), frame.clone());
            }
            prop_assert!(buffer.is_empty());
        }

        #[test]
        fn a_cut_frame_asks_for_more_and_takes_nothing(frame in frames(), cut in 0usize..220) {
            let whole = encode(&frame);
            let mut part = BytesMut::from(&whole[..cut % whole.len()]);
            let before = part.clone();
            let missing = decode(&mut part, 200).unwrap().unwrap_err();
            prop_assert!(missing > 0 && (before.len() < 4 || before.len() + missing == whole.len()));
            prop_assert_eq!(part, before);
        }

        #[test]
        fn random_bytes_never_panic_and_never_pass_the_limit(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut buffer = BytesMut::from(&bytes[..]);
            while let Ok(Ok(frame)) = decode(&mut buffer, 64) {
                prop_assert!(frame.body.len() <= 64 + DEADLINE_BYTES);
            }
        }

        #[test]
        fn a_length_beyond_the_limit_is_refused_before_the_body_comes(excess in 1u32..1_000_000) {
            let mut buffer = BytesMut::new();
            buffer.put_u32(64 + 13 + excess);
            let refused = decode(&mut buffer, 64);
            let is_too_long = matches!(refused, Err(FrameError::TooLong { .. }));
            prop_assert!(is_too_long);
        }
    }
}
