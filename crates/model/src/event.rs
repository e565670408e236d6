//! Events: what has to be done, and who does it now.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{BlobId, EventId, LaneId, NodeId, SessionId, Sha256, TransferId};
use crate::names::{AccountName, EventKey, FilePath, KindName};
use crate::party::Route;
use crate::payload::Payload;
use crate::priority::Priority;
use crate::work::StepReport;

/// What an event tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// A partner's file came in.
    FileReceived,
    /// An application's own kind.
    Own(KindName),
}

impl EventKind {
    /// The name of [`EventKind::FileReceived`].
    pub const FILE_RECEIVED: &str = "file.received";

    pub fn name(&self) -> &str {
        match self {
            Self::FileReceived => Self::FILE_RECEIVED,
            Self::Own(name) => name.as_str(),
        }
    }
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Subject {
    File(Box<FileSubject>),
    /// What the application sent: JSON as a rule.
    Data(Payload),
}

/// A file that came in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileSubject {
    pub path: FilePath,
    pub blob: BlobId,
    pub length: u64,
    pub sha256: Sha256,
    pub transfer: TransferId,
}

/// Where an event stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventState {
    /// Waits for a worker.
    Ready { since_ms: u64 },
    /// Waits for its time: its first, or its next try.
    Waiting { not_before_ms: u64 },
    /// A worker has it.
    Leased(Lease),
    /// Given up: waits for a person.
    Dead { since_ms: u64, reason: String },
    /// A step that must not be repeated blindly may or may not have happened: waits for a person.
    OutcomeUnknown { since_ms: u64, step: u32, reason: String },
    /// Waits until the events of its ordering key that came before it have ended.
    Blocked { since_ms: u64, not_before_ms: u64 },
}

impl EventState {
    /// All names, in the order in which people read them.
    pub const NAMES: [&str; 6] = ["ready", "waiting", "blocked", "leased", "dead", "outcome-unknown"];

    /// The name that people use.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ready { .. } => "ready",
            Self::Waiting { .. } => "waiting",
            Self::Leased(_) => "leased",
            Self::Dead { .. } => "dead",
            Self::OutcomeUnknown { .. } => "outcome-unknown",
            Self::Blocked { .. } => "blocked",
        }
    }
}

/// The right to work on an event. It is void when its node's session ends, and a later lease has a higher attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    pub node: NodeId,
    pub session: SessionId,
    pub attempt: u32,
    pub granted_ms: u64,
    /// By the log's time; renewed while a step makes progress.
    pub expires_ms: u64,
    /// A step that must not be repeated and that the worker is about to run.
    pub begun_step: Option<u32>,
}

/// What few events have; apart, so that the many stay small.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EventOptions {
    /// Events of one account and key run in the order of their ids, one at a time.
    pub ordering_key: Option<EventKey>,
    /// Of no use afterwards: ends unless a worker has it by then.
    pub expires_ms: Option<u64>,
    /// W3C trace id that the publisher gave.
    pub trace_id: Option<u128>,
    /// Runs of steps of an event without a transfer, the last ones.
    pub steps: Vec<StepReport>,
}

/// An event that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EventRecord {
    pub id: EventId,
    pub kind: EventKind,
    pub account: AccountName,
    pub subject: Subject,
    pub lane: LaneId,
    pub priority: Priority,
    /// `None` is the default of all of them.
    pub options: Option<Box<EventOptions>>,
    /// The node that took it: it has the first go.
    pub origin: NodeId,
    pub created_ms: u64,
    /// The steps to run, as they were when the event was published.
    pub route: Arc<Route>,
    /// Index of the first step that has not succeeded yet.
    pub next_step: u32,
    pub state: EventState,
    /// Number of leases given so far: the fence.
    pub attempt: u32,
    /// Tries that failed, counted against `EventQueue.maxRetryCount`.
    pub failures: u32,
    /// Leases whose process died, counted against `EventQueue.poisonLimit`.
    pub lost_leases: u32,
}

impl EventRecord {
    /// The file that it is about, if it is about one.
    pub fn file(&self) -> Option<&FileSubject> {
        match &self.subject {
            Subject::File(file) => Some(file),
            Subject::Data(_) => None,
        }
    }

    /// The data that an application sent with it.
    pub fn data(&self) -> Option<&Payload> {
        match &self.subject {
            Subject::File(_) => None,
            Subject::Data(data) => Some(data),
        }
    }

    pub fn ordering_key(&self) -> Option<&EventKey> {
        self.options.as_ref()?.ordering_key.as_ref()
    }

    pub fn expires_ms(&self) -> Option<u64> {
        self.options.as_ref()?.expires_ms
    }

    /// The runs of its steps, when it has no transfer that keeps them.
    pub fn steps(&self) -> &[StepReport] {
        self.options.as_ref().map_or(&[], |options| &options.steps)
    }

    /// Bytes counted against `EventQueue.maxBytes`.
    pub(crate) fn counted_bytes(&self) -> u64 {
        self.data().map_or(0, |data| data.len() as u64)
    }
}
