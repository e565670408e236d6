//! What everyone may know about an actor.

use serde::Serialize;

/// Where an actor is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorState {
    /// Its first incarnation is being built.
    Starting,
    /// It handles messages.
    Running,
    /// It failed and a new incarnation is on its way.
    Restarting,
    /// Out of restarts; an operator can restart it.
    Failed,
    /// An ordered stop is on its way.
    Stopping,
    /// Gone for good.
    Stopped,
}

/// Kinds of failure, counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// It panicked.
    Panic,
    /// It reported an error.
    Error,
    /// It ended without being asked to.
    Stop,
}

/// The last failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// The panic's or the error's message.
    pub message: String,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
}

/// The observable status of one actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActorStatus {
    /// Its unique name.
    pub name: String,
    /// The Arbiter it runs on.
    pub group: String,
    /// Whether its end is the end of the process.
    pub critical: bool,
    /// Where it is in its life.
    pub state: ActorState,
    /// A ping has not been handled in time.
    pub unresponsive: bool,
    /// Incarnations after the first.
    pub restarts: u64,
    /// Failures by panic.
    pub panics: u64,
    /// Failures by error.
    pub errors: u64,
    /// Ends that nobody asked for.
    pub stops: u64,
    /// The last failure.
    pub last_failure: Option<Failure>,
    /// Messages accepted and not yet handled.
    pub queue_used: usize,
    /// How many there may be.
    pub queue_bound: usize,
    /// Messages refused because the queue was full.
    pub refused: u64,
    /// Messages handled, over all incarnations.
    pub handled: u64,
}
