//! What the actors need from the rest of the node: traits and plain facts, joined with the real things in `crates/node`
//! and with fakes in tests.

mod changes;
mod clock;
mod cpu;
mod credentials;
mod log;
mod mesh;
mod parameters;
mod raft;
mod secrets;
mod work;

pub(crate) use changes::calmed;
pub use changes::{Changes, changes};
pub use clock::{Clock, Now, SystemClock};
pub use cpu::CpuLoad;
pub use credentials::{CredentialKeeper, CredentialReport, OwnAuthority, StoredCertificate, StoredCredentials, Trust};
pub use log::{Applied, ProposalError, ReplicatedLog, View};
pub use mesh::{Fitness, FitnessSource, Heartbeat, LinkLevel, LinkView, MeshLinks, MeshListener, Peer};
pub use parameters::ParameterSink;
pub use raft::{Checkpoint, RaftControl, RaftFailure, RaftStatus};
pub use secrets::SecretKeeper;
pub use work::{Progress, StepRunner, WorkOutcome};
