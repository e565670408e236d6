//! Events: what has to be done, who does it now, and what came of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{BlobId, EventId, NodeId, SessionId, Sha256, TransferId, WorkerId};
use crate::names::{AccountName, FilePath};
use crate::party::Route;

/// What an event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventKind {
    #[serde(rename = "file.received")]
    FileReceived,
}

impl EventKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::FileReceived => "file.received",
        }
    }
}

/// Where an event stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventState {
    /// Waits for a worker.
    Ready { since_ms: u64 },
    /// Waits for its next try.
    Waiting { not_before_ms: u64 },
    /// A worker has it.
    Leased(Lease),
    /// Given up: waits for a person.
    Dead { since_ms: u64, reason: String },
    /// A step that must not be repeated blindly may or may not have happened: waits for a person.
    OutcomeUnknown { since_ms: u64, step: u32, reason: String },
}

impl EventState {
    /// The name that people use.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ready { .. } => "ready",
            Self::Waiting { .. } => "waiting",
            Self::Leased(_) => "leased",
            Self::Dead { .. } => "dead",
            Self::OutcomeUnknown { .. } => "outcome-unknown",
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

/// An event that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EventRecord {
    pub id: EventId,
    pub kind: EventKind,
    pub account: AccountName,
    pub path: FilePath,
    pub blob: BlobId,
    pub length: u64,
    pub sha256: Sha256,
    pub transfer: TransferId,
    /// The node that took the file: it has the first go.
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
    /// Leases whose process died, counted against the poison limit.
    pub lost_leases: u32,
}

/// What a worker needs to run an event. Made from the event's row by the pool.
#[derive(Clone, Debug)]
pub struct WorkItem {
    pub event: EventRecord,
    pub lease: Lease,
}

/// One run of one step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StepReport {
    pub step: u32,
    pub kind: String,
    pub attempt: u32,
    pub node: NodeId,
    pub worker: WorkerId,
    pub started_ms: u64,
    pub duration_us: u64,
    pub result: StepResult,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StepResult {
    Succeeded { detail: String },
    Failed { message: String },
}

/// How a worker's run of an event ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WorkEnd {
    /// All steps succeeded.
    Done,
    /// A step failed. With `retryable` it is tried again later, as often as `EventQueue.maxRetryCount` says.
    Failed { reason: String, retryable: bool },
    /// A step that must not be repeated may or may not have happened.
    OutcomeUnknown { step: u32, reason: String },
    /// The worker gave the event back untouched (shutdown, retired worker): no failure is counted.
    Returned,
}

/// The result of one lease.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WorkResult {
    pub event: EventId,
    pub attempt: u32,
    pub worker: WorkerId,
    pub steps: Vec<StepReport>,
    pub end: WorkEnd,
}
