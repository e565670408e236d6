//! What everyone may know about a node's credentials.

use serde::Serialize;

use super::warning::Warning;
use crate::ports::CredentialReport;

/// The status of the certificates actor. Totals are of the running incarnation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CertificatesStatus {
    /// The alias that the parameters ask for; `None` until the view is current.
    pub wanted_alias: Option<String>,
    /// The CAs that the log asks to trust.
    pub wanted_authorities: usize,
    /// The certificate in force, as far as this actor has published one.
    pub certificate: Option<CredentialReport>,
    /// CAs that are trusted with it.
    pub authorities: usize,
    /// Serial numbers that are refused.
    pub revoked: usize,
    /// What is in force is what the log asks for.
    pub is_current: bool,
    /// Certificates in the store, those of the log included.
    pub stored: usize,
    /// The log says of the store what is in it.
    pub is_reported: bool,
    /// Certificates whose end comes near, and this node's CA.
    pub warnings: Vec<Warning>,
    /// When the certificate in force is to be renewed, if this node can.
    pub renewal_due_ms: Option<u64>,
    /// When this node's CA is to be renewed.
    pub authority_renewal_due_ms: Option<u64>,
    /// Publications that took effect.
    pub published: u64,
    /// Publications that were refused; what was in force stayed.
    pub publish_failures: u64,
    /// Why the last publication failed, until one succeeds.
    pub last_failure: Option<String>,
    /// Certificates issued anew.
    pub renewed: u64,
    /// CAs made anew.
    pub authorities_renewed: u64,
    /// Renewals that failed.
    pub renewal_failures: u64,
    /// Why the last renewal failed, until one succeeds.
    pub last_renewal_failure: Option<String>,
    /// Why the store could not be read, until it can.
    pub last_store_failure: Option<String>,
    /// Why the log could not be told of it, until that succeeds.
    pub last_report_failure: Option<String>,
}
