//! Replicated parameters into running components, and proof that all nodes hold the same state.

mod actor;
mod core;
mod drift;
mod status;

pub use actor::{ConfigSync, ConfigSyncPorts};
pub use core::{Apply, SyncCore};
pub use drift::DriftDetector;
pub use status::{Agreement, ConfigSyncStatus, Drift};

#[cfg(test)]
mod tests;
