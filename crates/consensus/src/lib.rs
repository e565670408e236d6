//! One replicated log under the state of the cluster: openraft, its storage, and the road that all writes climb.

mod awaited;
mod batch;
mod compaction;
mod config;
mod consensus;
pub mod disk;
mod election;
mod entry_codec;
mod failover;
mod heartbeat;
mod log;
mod machine;
mod membership;
mod network;
mod payloads;
mod propose;
mod read;
mod replace;
mod runtime;
pub mod sim;
mod snapshot;
mod start;
mod state_machine;
mod status;
mod succession;
mod transport;
mod types;
mod wire;

#[cfg(test)]
mod conformance;

pub use batch::BatchError;
pub use config::Config;
pub use consensus::Consensus;
pub use log::LogError;
pub use machine::{CHECKPOINT_INTERVAL, Checkpoint, View};
pub use membership::MembershipError;
pub use propose::{Applied, ProposeError};
pub use read::ReadError;
pub use replace::ReplaceError;
pub use runtime::{random_below, random_u64, seed_randomness};
pub use snapshot::SnapshotError;
pub use start::StartError;
pub use status::{PeerProgress, Role, StandingWatch, Status, StatusWatch};
pub use transport::{Lane, Transport, TransportError};
pub use types::PeerAddress;
