//! What the cluster knows of its nodes' certificates, which ones it refuses, and how the change of its secret stands.

use serde::{Deserialize, Serialize};

use crate::ids::NodeId;
use crate::party::Sealed;

/// A local certificate in a node's store, as the node reports it. The key stays on its node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CertificateRecord {
    pub alias: String,
    /// The chain, the node's own certificate first.
    pub chain_pem: String,
    /// SHA-256 of the DER form of the first one, in lower-case hexadecimal.
    pub fingerprint: String,
    /// In lower-case hexadecimal, without leading zeros.
    pub serial: String,
    pub subject: String,
    pub issuer: String,
    /// Fingerprint of the CA that has signed it, if the node knows it.
    pub authority: Option<String>,
    pub not_before_ms: u64,
    pub not_after_ms: u64,
}

/// A certificate that is refused although its CA is trusted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Revocation {
    /// In lower-case hexadecimal, without leading zeros.
    pub serial: String,
    /// Whose certificate it was, for people.
    pub subject: String,
    pub reason: String,
    pub revoked_ms: u64,
    /// End of the certificate's life, after which the row is of no use.
    pub not_after_ms: u64,
}

/// The change of the cluster secret: old and new are accepted until every member has the new one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SecretRotation {
    /// Of the new secret.
    pub fingerprint: String,
    /// Of the secret under which the new one is sealed.
    pub previous: String,
    /// The new secret; empty once the rotation is over.
    pub sealed: Sealed,
    pub started_ms: u64,
    /// Members that have the new secret on disk and accept it; sorted.
    pub adopted: Vec<NodeId>,
    /// Since then the old one is refused.
    pub finished_ms: Option<u64>,
}

/// A node whose Transaction Manager an operator has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StoppedTm {
    pub since_ms: u64,
}
