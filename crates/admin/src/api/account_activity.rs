//! What an account's holder is at: log-ins in browsers, uploads that have not all come.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A partner who is logged in with a browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartnerSessionView {
    pub id: String,
    pub created_at: Timestamp,
    /// Its end however much it is used.
    pub expires_at: Timestamp,
    /// Address from which they logged in.
    pub remote: String,
    pub user_agent: String,
}

/// An upload in parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadView {
    pub id: String,
    pub path: String,
    /// Of the whole file.
    pub size_bytes: u64,
    /// What has come.
    pub received_bytes: u64,
    /// Pieces that lie here until the file is whole.
    pub parts: u64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// Of the file, once it is whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<u64>,
}
