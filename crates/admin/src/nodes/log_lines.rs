//! What a node is asked of the last lines of its log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::api::LogLevel;

/// Which lines; those before a time newest first, those after one oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRequest {
    /// Microseconds since the Unix epoch.
    #[serde(default)]
    pub before_us: Option<u64>,
    /// Takes the place of `before_us`.
    #[serde(default)]
    pub after_us: Option<u64>,
    /// No earlier ones, whatever the order.
    #[serde(default)]
    pub since_us: Option<u64>,
    /// The least severe that is wanted.
    #[serde(default)]
    pub level: LogLevel,
    /// In lower case.
    #[serde(default)]
    pub contains: Option<String>,
    pub limit: usize,
}

/// What the node has of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLines {
    pub lines: Vec<NodeLogLine>,
    pub has_more: bool,
    pub kept: u64,
    pub lost: u64,
    /// 0: it has none.
    pub oldest_us: u64,
    pub newest_us: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeLogLine {
    pub at_us: u64,
    pub level: LogLevel,
    pub target: String,
    pub message: String,
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

impl LogRequest {
    /// Whether a line is wanted; `text` is all of it, made only if it is needed.
    pub fn wants(&self, level: LogLevel, at_us: u64, text: impl FnOnce() -> String) -> bool {
        level <= self.level
            && self.since_us.is_none_or(|since_us| at_us >= since_us)
            && self.contains.as_deref().is_none_or(|part| text().to_lowercase().contains(part))
    }
}
