//! What is around every message: version, kind or status.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{MESSAGE_BYTES_MAX, VERSION, WireError};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    AppendEntries = 1,
    Vote = 2,
    PreVote = 3,
    SnapshotPiece = 4,
    TransferLeader = 5,
    Forward = 16,
    ReadIndex = 17,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::AppendEntries,
        Self::Vote,
        Self::PreVote,
        Self::SnapshotPiece,
        Self::TransferLeader,
        Self::Forward,
        Self::ReadIndex,
    ];
}

const STATUS_OK: u8 = 0;
const STATUS_REFUSED: u8 = 1;
const REFUSAL_BYTES_MAX: usize = 1024;

/// A request or an answer was refused; the text goes to the peer.
pub(crate) struct Refusal(pub(crate) String);

impl<E: std::error::Error> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// What a request begins with.
pub(crate) fn head(kind: Kind) -> [u8; 2] {
    [VERSION, kind as u8]
}

/// A request with a postcard body.
pub(crate) fn request(kind: Kind, body: &impl Serialize) -> Result<Bytes, WireError> {
    Ok(postcard::to_extend(body, head(kind).to_vec())?.into())
}

/// An answer with a postcard body.
pub(crate) fn answer(body: &impl Serialize) -> Result<Bytes, Refusal> {
    Ok(postcard::to_extend(body, vec![VERSION, STATUS_OK])?.into())
}

/// An answer that says why there is none.
pub(crate) fn refuse(refusal: Refusal) -> Bytes {
    let text = refusal.0.as_bytes();
    let mut bytes = vec![VERSION, STATUS_REFUSED];
    bytes.extend_from_slice(&text[..text.len().min(REFUSAL_BYTES_MAX)]);
    bytes.into()
}

fn open(message: &Bytes) -> Result<(u8, Bytes), WireError> {
    if message.len() > MESSAGE_BYTES_MAX {
        return Err(WireError::TooLong { length: message.len() });
    }
    match message[..] {
        [VERSION, what, ..] => Ok((what, message.slice(2..))),
        [found, _, ..] => Err(WireError::UnknownVersion { found }),
        _ => Err(WireError::Truncated),
    }
}

/// The kind and the body of a request.
pub(crate) fn accept_request(message: &Bytes) -> Result<(Kind, Bytes), WireError> {
    let (found, body) = open(message)?;
    let kind = Kind::ALL.into_iter().find(|kind| *kind as u8 == found);
    Ok((kind.ok_or(WireError::UnknownKind { found })?, body))
}

/// The body of an answer.
pub(crate) fn accept_answer<T: DeserializeOwned>(message: &Bytes) -> Result<T, WireError> {
    let (status, body) = open(message)?;
    match status {
        STATUS_OK => body_of(&body),
        _ => Err(WireError::Refused { message: String::from_utf8_lossy(&body).into_owned() }),
    }
}

/// A postcard body, whole.
pub(crate) fn body_of<T: DeserializeOwned>(body: &Bytes) -> Result<T, WireError> {
    let (value, rest) = postcard::take_from_bytes(body)?;
    if rest.is_empty() { Ok(value) } else { Err(WireError::TrailingBytes { count: rest.len() }) }
}
