//! What everyone may know about the cluster secret of a node.

use serde::Serialize;

/// The status of the rotation on this node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RotationStatus {
    /// Fingerprint of the current secret.
    pub fingerprint: String,
    /// Fingerprint of the one that is accepted besides it.
    pub previous: Option<String>,
    /// Secrets taken in since the process started.
    pub adopted: u64,
    /// Why the last step came to nothing.
    pub last_failure: Option<String>,
}
