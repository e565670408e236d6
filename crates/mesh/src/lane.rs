//! Lanes: kinds of traffic with a connection and bounds of their own, so that none waits behind another.

use serde::{Deserialize, Serialize};

/// A kind of traffic between two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Pings and the failure detector's messages; nothing big, ever.
    Liveness,
    /// The consensus protocol.
    Raft,
    /// Everything else that asks and answers.
    Control,
    /// Streams of file bytes, each on a connection of its own.
    Bulk,
}

impl Lane {
    /// The lanes that carry requests over one lasting connection.
    pub const REQUEST_LANES: [Lane; 3] = [Lane::Liveness, Lane::Raft, Lane::Control];

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Liveness => 1,
            Self::Raft => 2,
            Self::Control => 3,
            Self::Bulk => 4,
        }
    }
}
