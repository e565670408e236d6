//! The node's TLS credentials as the certificates actor sees them.

use async_trait::async_trait;
use flotilla_model::Authority;
use serde::Serialize;

/// Whom to trust and which certificate to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// The exchanged CAs.
    pub authorities: Vec<Authority>,
    /// `Cluster.Crypto.Alias`.
    pub alias: String,
    /// Serial numbers that are no longer accepted, in the notation of the certificate store.
    pub revoked: Vec<String>,
}

/// The certificate that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CredentialReport {
    /// Its alias.
    pub alias: String,
    /// SHA-256 in hexadecimal.
    pub fingerprint: String,
    /// Start of validity, milliseconds since the Unix epoch.
    pub not_before_ms: u64,
    /// End of validity, milliseconds since the Unix epoch.
    pub not_after_ms: u64,
    /// Whether this node can issue its successor (it was issued by the node's own CA).
    pub renewable: bool,
}

/// Stores and publishes credentials.
#[async_trait]
pub trait CredentialKeeper: Send + Sync + 'static {
    /// Validates and publishes; the credentials in force stay if the new ones are not usable.
    async fn publish(&self, trust: Trust) -> Result<CredentialReport, String>;

    /// Issues and stores a new certificate for the alias, signed by this node's CA. It takes effect with the next
    /// [`CredentialKeeper::publish`].
    async fn renew(&self, alias: String) -> Result<(), String>;
}
