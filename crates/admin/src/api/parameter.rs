//! Parameters: `configurations/options`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterView {
    pub name: String,
    /// The value in force.
    pub value: String,
    pub default: String,
    pub is_default: bool,
    /// Behind the number; empty for none.
    pub unit: String,
    /// What is accepted, in words.
    pub range: String,
    /// `cluster` or `local`.
    pub scope: String,
    pub help: String,
    /// For `If-Match`; 0 while it was never set.
    pub version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
}

/// Body of `PUT configurations/options/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterChange {
    /// `null` goes back to the default.
    pub value: Option<String>,
}
