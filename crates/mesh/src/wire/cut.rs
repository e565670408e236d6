//! Why a connection is ended on purpose. Told to the peer in a farewell frame, or, when the connection is stuck and
//! can carry nothing, in the hello of the next one.

use serde::{Deserialize, Serialize};

/// Why one side ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum CutReason {
    /// The process ends in order.
    #[error("the node shuts down")]
    ShuttingDown,
    /// It did not take what was sent to it.
    #[error("too slow: it did not take what was sent to it in time")]
    SlowPeer,
    /// It sent no sign of life.
    #[error("silent: no sign of life in time")]
    Silent,
    /// A frame beyond the limit of the lane.
    #[error("it sent a frame beyond the limit of the lane")]
    FrameTooLong,
    /// A frame that cannot be read or makes no sense here.
    #[error("it sent a frame that cannot be understood")]
    Malformed,
    /// It kept asking beyond all limits.
    #[error("it kept asking beyond its limits")]
    Flood,
    /// Its certificate is no longer trusted.
    #[error("its certificate is no longer trusted")]
    Distrusted,
    /// It opened a newer connection for the same lane.
    #[error("replaced by a newer connection")]
    Superseded,
    /// A reason that a newer version gave.
    #[error("for a reason that this version does not know")]
    Other,
}

impl CutReason {
    pub(crate) fn code(self) -> u64 {
        match self {
            Self::ShuttingDown => 1,
            Self::SlowPeer => 2,
            Self::Silent => 3,
            Self::FrameTooLong => 4,
            Self::Malformed => 5,
            Self::Flood => 6,
            Self::Distrusted => 7,
            Self::Superseded => 8,
            Self::Other => 0,
        }
    }

    pub(crate) fn from_code(code: u64) -> Self {
        match code {
            1 => Self::ShuttingDown,
            2 => Self::SlowPeer,
            3 => Self::Silent,
            4 => Self::FrameTooLong,
            5 => Self::Malformed,
            6 => Self::Flood,
            7 => Self::Distrusted,
            8 => Self::Superseded,
            _ => Self::Other,
        }
    }
}
