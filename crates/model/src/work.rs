//! Work on events: what a worker gets, and what it reports.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::event::{EventRecord, Lease};
use crate::ids::{EventId, NodeId, WorkerId};

/// What a worker needs to run an event. Made from the event's row by the pool; shares it.
#[derive(Clone, Debug)]
pub struct WorkItem {
    pub event: Arc<EventRecord>,
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
    /// A step could not be carried out for a reason on this side: its own disk, a missing copy, no quorum. It is tried
    /// again after `EventQueue.internalRetryDelayInterval`.
    FailedInternally { reason: String },
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
