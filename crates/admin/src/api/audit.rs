//! The audit log.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One change that someone made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditView {
    pub id: u64,
    pub at: Timestamp,
    /// The administrator; `local` for who has access to a node's own folder; `join token …` for a node that joined.
    pub who: String,
    /// Address from which the request came.
    pub remote: String,
    /// `noun.verb`, such as `parameter.set`.
    pub operation: String,
    pub subject: String,
    /// How the subject stood; absent when it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How they showed who they are: `password`, `local token`, `token backup`; absent in rows of before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// The hash of the row before, in hexadecimal; absent in rows of before they were chained, and in the first of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The hash of this row.
    #[serde(default)]
    pub hash: String,
}

/// Query of `GET logs/audit`, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// The operation, or its noun: `parameter` is `parameter.set` and `parameter.import`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Part of the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}
