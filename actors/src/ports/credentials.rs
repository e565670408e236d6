//! The node's TLS credentials as the certificates actor sees them.

use async_trait::async_trait;
use flotilla_model::{Authority, CertificateRecord};
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
}

/// A certificate of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCertificate {
    /// What the cluster is told of it.
    pub record: CertificateRecord,
    /// When it stops being accepted: its own end, or that of the CA that issued it.
    pub ends_ms: u64,
    /// Whether this node can issue its successor: it comes from an internal CA, and this node has one.
    pub is_renewable: bool,
}

/// The internal CA of the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAuthority {
    /// Its certificate.
    pub authority: Authority,
    /// Whose it is, for people.
    pub subject: String,
    /// Start of validity, milliseconds since the Unix epoch.
    pub not_before_ms: u64,
    /// End of validity, milliseconds since the Unix epoch.
    pub not_after_ms: u64,
}

/// What is in the store: certificates with a key that fits, and the internal CA.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredCredentials {
    /// By alias.
    pub certificates: Vec<StoredCertificate>,
    /// `None`: this node issues nothing.
    pub authority: Option<OwnAuthority>,
}

/// Stores and publishes credentials.
#[async_trait]
pub trait CredentialKeeper: Send + Sync + 'static {
    /// Validates and publishes. If the certificate is not usable the one in force stays; whom to trust and whom to refuse
    /// takes effect all the same.
    async fn publish(&self, trust: Trust) -> Result<CredentialReport, String>;

    /// Issues and stores a new certificate for the alias, signed by this node's CA. It takes effect with the next
    /// [`CredentialKeeper::publish`].
    async fn renew(&self, alias: String) -> Result<(), String>;

    /// Replaces this node's CA by a new one and keeps the certificate of the old one.
    async fn renew_authority(&self) -> Result<(), String>;

    /// Reads the store. The CAs of `trust` are those that issuers are looked for among.
    async fn stored(&self, trust: Trust) -> Result<StoredCredentials, String>;
}
