//! Errors as RFC 9457 problem documents.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `application/problem+json`: what is wrong, where, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A link to the page of the code, on the server that answers: `/api/v2.0/problems/<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every occurrence of a code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable; made for programs.
    pub code: String,
    /// This occurrence in words.
    pub detail: String,
    /// The field of the body, the query or the path at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Problem {
    pub const CONTENT_TYPE: &str = "application/problem+json";
}
