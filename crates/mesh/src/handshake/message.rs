//! Handshake messages on the wire: `"FLTM", kind u8, length u32, body`. Small, and limited before anything is known
//! about the peer.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::handshake::error::{HandshakeError, HandshakeStep, RefusalCode};
use crate::handshake::hello::{FINGERPRINT_MAX_BYTES, Hello};

const MAGIC: &[u8; 4] = b"FLTM";
const HEAD_BYTES: usize = 9;
/// A hello is some 200 bytes; leaves room for newer fields.
const BODY_MAX_BYTES: usize = 4096;

const KIND_HELLO: u8 = 1;
const KIND_ACCEPT: u8 = 2;
const KIND_REFUSAL: u8 = 3;

#[derive(Debug)]
pub(crate) enum Message {
    Hello(Box<Hello>),
    Accept,
    /// With the fingerprint of the refusing side's secret, if that is the matter; else empty.
    Refusal(RefusalCode, String),
}

impl Message {
    fn encode(&self) -> Result<Vec<u8>, HandshakeError> {
        let (kind, body) = match self {
            Self::Hello(hello) => (KIND_HELLO, hello.encode()?),
            Self::Accept => (KIND_ACCEPT, Vec::new()),
            Self::Refusal(code, fingerprint) => {
                (KIND_REFUSAL, [&code.code().to_be_bytes()[..], fingerprint.as_bytes()].concat())
            }
        };
        if body.len() > BODY_MAX_BYTES {
            return Err(HandshakeError::TooLong { length_bytes: body.len(), limit_bytes: BODY_MAX_BYTES });
        }
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
        Ok([&MAGIC[..], &[kind], &length, &body].concat())
    }

    fn decode(kind: u8, body: &[u8]) -> Result<Self, HandshakeError> {
        match kind {
            KIND_HELLO => Ok(Self::Hello(Box::new(Hello::decode(body)?))),
            KIND_ACCEPT => Ok(Self::Accept),
            KIND_REFUSAL => {
                let (code, rest) = body.split_first_chunk::<2>().ok_or(HandshakeError::Malformed)?;
                let text = std::str::from_utf8(rest).unwrap_or_default();
                let is_plain = text.len() <= FINGERPRINT_MAX_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                let fingerprint = if is_plain { text.to_owned() } else { String::new() };
                Ok(Self::Refusal(RefusalCode::from_code(u16::from_be_bytes(*code)), fingerprint))
            }
            _ => Err(HandshakeError::Malformed),
        }
    }
}

pub(crate) async fn send<S: AsyncWrite + Unpin>(
    stream: &mut S,
    message: &Message,
    step: HandshakeStep,
    timeout: Duration,
) -> Result<(), HandshakeError> {
    let bytes = message.encode()?;
    let sent = async {
        stream.write_all(&bytes).await?;
        stream.flush().await
    };
    match tokio::time::timeout(timeout, sent).await {
        Err(_) => Err(HandshakeError::Deadline { step }),
        Ok(result) => result.map_err(|source| HandshakeError::from_stream(step, source)),
    }
}

pub(crate) async fn receive<S: AsyncRead + Unpin>(
    stream: &mut S,
    step: HandshakeStep,
    timeout: Duration,
) -> Result<Message, HandshakeError> {
    let lost = |source| HandshakeError::from_stream(step, source);
    let received = async {
        let mut head = [0; HEAD_BYTES];
        stream.read_exact(&mut head).await.map_err(lost)?;
        if head[..4] != MAGIC[..] {
            return Err(HandshakeError::NotMesh);
        }
        let length_bytes = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) as usize;
        if length_bytes > BODY_MAX_BYTES {
            return Err(HandshakeError::TooLong { length_bytes, limit_bytes: BODY_MAX_BYTES });
        }
        let mut body = vec![0; length_bytes];
        stream.read_exact(&mut body).await.map_err(lost)?;
        Message::decode(head[4], &body)
    };
    tokio::time::timeout(timeout, received).await.unwrap_or(Err(HandshakeError::Deadline { step }))
}
