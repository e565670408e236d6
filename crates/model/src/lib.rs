//! The pure core: what is true in a Flotilla cluster, and the commands that change it.
//!
//! [`State::apply`] is deterministic: time, ids and randomness come in the command. Every node applies the same commands
//! in the same order and ends with the same [`State::digest`]. There is no I/O, no clock and no async here.

mod apply;
mod command;
mod event;
mod file;
mod ids;
mod invariants;
mod member;
mod names;
mod outcome;
mod party;
mod queue;
mod snapshot;
mod state;
mod table;
mod transfer;

pub use command::{Command, PutCondition, ResolveAnswer};
pub use event::{EventKind, EventRecord, EventState, Lease, StepReport, StepResult, WorkEnd, WorkItem, WorkResult};
pub use file::{BlobRecord, FileRecord, FolderEntry, Usage};
pub use ids::{BlobId, EventId, NodeId, SessionId, Sha256, TransferId, WorkerId};
pub use invariants::Violation;
pub use member::{Authority, Cluster, JoinToken, Member, MemberRole};
pub use names::{AccountName, FilePath, NameError, PathError};
pub use outcome::{Outcome, Rejection};
pub use party::{Account, Administrator, AdministratorRole, Parameter, Route, Sealed, Step};
pub use queue::QueueStatistics;
pub use snapshot::SnapshotError;
pub use state::{State, parameter_names};
pub use table::Table;
pub use transfer::{Protocol, Transfer, TransferState};
