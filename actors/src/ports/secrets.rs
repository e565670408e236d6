//! The node's cluster secrets as the rotation sees them.

use async_trait::async_trait;
use flotilla_model::{Command, SecretRotation, State};

/// The secrets on disk and in force.
#[async_trait]
pub trait SecretKeeper: Send + Sync + 'static {
    /// Fingerprint of the secret for what is made now, and of the one that is accepted besides it.
    fn in_force(&self) -> (String, Option<String>);

    /// Opens the new secret, puts it on disk and into force; the old one stays accepted.
    async fn adopt(&self, rotation: SecretRotation) -> Result<(), String>;

    /// Accepts the former secret no longer.
    async fn retire(&self) -> Result<(), String>;

    /// What seals the values of the state anew that are sealed under another secret than the current one.
    fn seal_anew(&self, state: &State) -> Result<Vec<Command>, String>;
}
