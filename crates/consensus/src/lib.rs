//! One replicated log under the state of the cluster: openraft, its storage, and the road that all writes climb.

mod batch;
pub mod disk;
mod entry_codec;
mod log;
mod machine;
mod runtime;
pub mod sim;
mod snapshot;
mod state_machine;
mod types;

#[cfg(test)]
mod conformance;

pub use batch::BatchError;
pub use log::LogError;
pub use machine::{CHECKPOINT_INTERVAL, Checkpoint, View};
pub use runtime::{random_below, random_u64, seed_randomness};
pub use snapshot::SnapshotError;
pub use types::PeerAddress;
