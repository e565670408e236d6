//! What is wrong with a cluster: `doctor`.

use flotilla_model::NodeId;
use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingLevel {
    Ok,
    /// It works, and may not for long or not in all cases.
    Warning,
    /// It does not work.
    Failed,
}

impl FindingLevel {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Seen from this node.
    pub node: NodeId,
    /// `names`, `ports`, `clock`, `disk`, `certificates`, `agreement`, `versions`, `reach`.
    pub check: String,
    pub level: FindingLevel,
    pub detail: String,
    /// The command or the step that mends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

/// Answer of `GET doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    pub failed: u64,
    pub warnings: u64,
    pub items: Vec<Finding>,
}

/// Query of `GET doctor`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoctorQuery {
    /// Only seen from this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
}
