//! The change of the cluster secret while the cluster runs: each node takes the new one in and says so; when all have it,
//! the primary has the values of the state sealed anew and ends the rotation; then each node lets go of the old one.
//! No connection is dropped: a secret is proved once, when a connection is made, and meanwhile either is good.

mod actor;
mod core;
mod status;

pub use actor::{RotationPorts, SecretRotations};
pub use core::{Effect, RotationCore};
pub use status::RotationStatus;

#[cfg(test)]
mod tests;
