//! Supervision on actix: what an actor needs that actix 0.13.5 does not give.
//!
//! Why it exists, each point proven by a test in `actors/tests/supervision/`:
//! - actix's own `Supervisor` does not survive a panic. Ours builds a new instance from a factory, with back-off, jitter
//!   and a budget; the [`ActorHandle`] stays valid, and waiting messages reach the new instance.
//! - actix's mailbox capacity bounds nothing. Ours is a permit per message, held until its handler is done.
//! - A flooded mailbox starves timers on the actor. Our ticks come from outside, at most one outstanding.
//! - A dropped request cancels its message. Ours, once accepted, is handled.
//! - A request in flight at a panic fails with [`SendError::Interrupted`]; one not yet begun is never half done.
//!
//! What it does not do: it moves no bytes, and it runs no heavy future on an actor's own thread ([`Ctx::offload`] puts
//! those on the shared runtime).

mod actor;
mod bound;
mod cell;
mod context;
mod error;
mod fatal;
mod handle;
mod parcel;
mod placement;
mod policy;
mod published;
mod registry;
mod restart;
mod shell;
mod slot;
mod status;
mod supervise;
mod supervisor;

pub use actor::{BoxError, Drain, Receive, Supervised};
pub use bound::{Bound, Overflow, Permit, WhileDown};
pub use context::Ctx;
pub use error::{RestartError, SendError, SpawnError, StopError};
pub use fatal::{Fatal, FatalReason};
pub use handle::ActorHandle;
pub use placement::{Placement, PlacementError};
pub use policy::{Liveness, Policy, Weight};
pub use published::{Observer, Published};
pub use registry::{Leaked, Registry};
pub use restart::{Budget, Decision, RestartPolicy};
pub use shell::panic_message;
pub use status::{ActorState, ActorStatus, Failure, FailureKind};
pub use supervisor::Supervisor;
