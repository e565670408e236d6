//! The requests and their answers. Both are only added to.

use flotilla_model::NodeId;
use serde::{Deserialize, Serialize};

use super::examination::Examination;
use super::{LogLines, LogRequest, PkiAnswer, PkiRequest};
use crate::api::Sample;

/// What one node is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeRequest {
    /// Of the primary: hand the lead over, to this node or to the first of the `servers` list that has caught up.
    HandOver { to: Option<NodeId> },
    /// How its pool of workers stands.
    Workers,
    /// It is about to be removed from the cluster, or (`false`) is not after all.
    ExpectRemoval { is_expected: bool },
    /// The digests of its state at the last indexes of the log.
    Digests,
    /// To make its state anew from another node's.
    Rebuild { from: NodeId },
    /// To look at itself and around.
    Examine,
    /// Its keys and certificates.
    Pki(PkiRequest),
    /// The last lines of its log.
    LogLines(LogRequest),
    /// How it fared in the last hour, or since a time in milliseconds since the Unix epoch.
    History { since_ms: Option<u64> },
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum NodeAnswer {
    HandedOver {
        from: NodeId,
        to: NodeId,
        /// From the order to the word that the other one leads.
        took_ms: u64,
    },
    Workers {
        workers: u64,
        busy: u64,
        is_claiming: bool,
        /// It holds no event, and every result is recorded.
        is_drained: bool,
    },
    Done,
    Examined {
        examination: Box<Examination>,
    },
    Digests {
        /// Index and digest, in order of the index.
        digests: Vec<(u64, String)>,
    },
    Rebuilt {
        from: NodeId,
        index: u64,
        digest: String,
    },
    Pki(PkiAnswer),
    LogLines(LogLines),
    /// Oldest first.
    History(Vec<Sample>),
}
