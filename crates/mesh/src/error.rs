//! What a caller is told. The one question that matters is answered by the variant: may the request have had an
//! effect?

use std::io;

use flotilla_model::NodeId;

use crate::handshake::HandshakeError;
use crate::wire::refused::{RefusedBody, RefusedClass};

/// A handler's "no". Codes are the application's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused ({code}): {text}")]
pub struct Refusal {
    /// The application's code.
    pub code: u16,
    /// For people; cut at 1 KiB.
    pub text: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// Why a request was certainly not processed. All are safe to retry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSentReason {
    /// The node is not in the list of peers.
    #[error("node {0:?} is not among the peers")]
    NoSuchPeer(NodeId),
    /// No connection at this moment.
    #[error("not connected: {0}")]
    NotConnected(String),
    /// The body is beyond the lane's limit. A retry does not help.
    #[error("a body of {length_bytes} bytes is beyond the limit of {limit_bytes}")]
    TooLong {
        /// Its length.
        length_bytes: usize,
        /// The lane's limit.
        limit_bytes: usize,
    },
    /// The deadline passed while it waited for room.
    #[error("the deadline passed before it was sent")]
    Deadline,
    /// The connection ended before it was sent.
    #[error("the connection ended before it was sent")]
    ConnectionEnded,
    /// The peer had no room and did not look at it.
    #[error("the peer is too busy and did not process it")]
    PeerBusy,
    /// The peer shuts down and did not look at it.
    #[error("the peer shuts down and did not process it")]
    PeerShutsDown,
    /// Bulk is for streams; requests go over the other lanes.
    #[error("the bulk lane carries streams, not requests")]
    WrongLane,
}

/// Why it is not known whether a request was processed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownReason {
    /// No answer until the deadline.
    #[error("no answer until the deadline")]
    Deadline,
    /// The connection ended first.
    #[error("the connection ended before the answer: {0}")]
    ConnectionEnded(String),
    /// The peer's handler panicked, ran out of time, or its answer was too long to send.
    #[error("the peer began it and gave no answer: {0}")]
    PeerFailed(String),
    /// The answer makes no sense.
    #[error("the answer cannot be understood")]
    Malformed,
}

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Certainly not processed.
    #[error("not processed: {0}")]
    NotSent(NotSentReason),
    /// Sent; whether it was processed is unknown.
    #[error("outcome unknown: {0}")]
    Unknown(UnknownReason),
    /// The peer's handler refused it.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl CallError {
    /// Whether repeating the request cannot do anything twice, and may help.
    pub fn is_safe_to_retry(&self) -> bool {
        match self {
            Self::NotSent(reason) => !matches!(reason, NotSentReason::TooLong { .. } | NotSentReason::WrongLane),
            Self::Unknown(_) | Self::Refused(_) => false,
        }
    }
}

pub(crate) const CODE_BUSY: u16 = 1;
pub(crate) const CODE_SHUTDOWN: u16 = 2;
pub(crate) const CODE_PANIC: u16 = 3;
pub(crate) const CODE_DEADLINE: u16 = 4;
pub(crate) const CODE_ANSWER_TOO_LONG: u16 = 5;

impl From<RefusedBody> for CallError {
    fn from(refused: RefusedBody) -> Self {
        match refused.class {
            RefusedClass::Application => Refusal::new(refused.code, refused.text).into(),
            RefusedClass::NotProcessed if refused.code == CODE_SHUTDOWN => Self::NotSent(NotSentReason::PeerShutsDown),
            RefusedClass::NotProcessed => Self::NotSent(NotSentReason::PeerBusy),
            RefusedClass::Unknown => Self::Unknown(UnknownReason::PeerFailed(refused.text)),
        }
    }
}

/// Why a peer could not be connected to.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The transport did not come about in time.
    #[error("no connection to {address} in time")]
    Timeout {
        /// What was dialled.
        address: String,
    },
    /// The transport failed.
    #[error("{address}: {source}")]
    Connect {
        /// What was dialled.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The handshake failed.
    #[error("{address}: {source}")]
    Handshake {
        /// What was dialled.
        address: String,
        /// What failed.
        source: HandshakeError,
    },
}

impl DialError {
    /// The host is there and no process listens: evidence that the peer's process ended.
    pub fn is_connection_refused(&self) -> bool {
        matches!(self, Self::Connect { source, .. } if source.kind() == io::ErrorKind::ConnectionRefused)
    }
}

/// Why a mesh could not be started.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address cannot be listened on.
    #[error("cluster listener {address}: {source}; is the port taken, does the address belong to this host?")]
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// TLS could not be set up.
    #[error("TLS of the mesh: {0}")]
    Tls(#[from] rustls::Error),
}
