//! Client certificates of administrators.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdministratorCertificateView {
    /// SHA-256 of the certificate, in hexadecimal.
    pub fingerprint: String,
    /// As the certificate says it; nothing follows from it.
    pub subject: String,
    /// What it is for.
    pub description: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub created_by: String,
    pub created_at: Timestamp,
}

/// Body of `POST administrators/NAME/certificates`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdministratorCertificateRequest {
    /// The certificate in PEM, without its key; of a chain the first.
    pub certificate_pem: String,
    /// What it is for, a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
