//! The pure core: what is true in a Flotilla cluster, and the commands that change it.
//!
//! [`State::apply`] is deterministic: time, ids and randomness come in the command. Every node applies the same commands
//! in the same order and ends with the same [`State::digest`]. There is no I/O, no clock and no async here.

mod administrator_certificate;
mod api_token;
mod apply;
mod audit;
mod audit_chain;
mod command;
mod deduplication;
mod delegation;
mod event;
mod file;
mod ids;
mod invariants;
mod journal;
mod lane;
mod login;
mod member;
mod names;
mod outcome;
mod partner_session;
mod party;
mod payload;
mod priority;
mod queue;
mod request;
mod snapshot;
mod state;
mod table;
mod transfer;
mod trust;
mod upload;
mod work;

pub use administrator_certificate::AdministratorCertificate;
pub use api_token::ApiToken;
pub use audit::{AuditId, AuditRecord, EncodedCommand, Origin};
pub use audit_chain::{ChainCheck, ChainError};
pub use command::{Command, EventAction, NewEvent, ParameterChange, PutCondition, ResolveAnswer, VersionedRow};
pub use deduplication::RememberedKey;
pub use delegation::Delegation;
pub use event::{EventKind, EventOptions, EventRecord, EventState, FileSubject, Lease, Subject};
pub use file::{BlobRecord, FileRecord, FolderEntry, Usage};
pub use ids::{BlobId, EventId, LaneId, NodeId, SessionId, Sha256, TransferId, WorkerId};
pub use invariants::Violation;
pub use journal::{EventEnd, Journal, JournalEntry};
pub use lane::{Lane, LaneCounts, LaneTotals};
pub use login::{FactorProof, FailedLogins, LoginFailures, LoginSession, LoginSessionId, SecondFactor};
pub use member::{Authority, Cluster, JoinToken, Leaving, Member, MemberRole};
pub use names::{AccountName, EventKey, FilePath, KindName, KindPattern, LaneName, NameError, PathError};
pub use outcome::{Outcome, Publication, Rejection};
pub use partner_session::PartnerSession;
pub use party::{Account, Administrator, AdministratorRole, Parameter, ParameterVersion, Route, Sealed, Step};
pub use payload::{Payload, StoredPayload};
pub use priority::Priority;
pub use queue::{QueueBounds, QueueStatistics, Room};
pub use request::RememberedRequest;
pub use snapshot::{SnapshotError, StorePayload};
pub use state::{State, parameter_names};
pub use table::Table;
pub use transfer::{Protocol, Transfer, TransferState};
pub use trust::{CertificateRecord, Revocation, SecretRotation, StoppedTm};
pub use upload::{PartialUpload, UPLOAD_PARTS_MAX, UploadId, UploadPart};
pub use work::{StepReport, StepResult, WorkEnd, WorkItem, WorkResult};
