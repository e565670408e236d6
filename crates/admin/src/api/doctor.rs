//! What is wrong with a cluster: `doctor`.

use flotilla_model::NodeId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Seen from this node.
    #[schema(value_type = u64)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Diagnosis {
    pub failed: u64,
    pub warnings: u64,
    pub items: Vec<Finding>,
}

/// Query of `GET doctor`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DoctorQuery {
    /// Only seen from this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<u64>)]
    pub node: Option<NodeId>,
}
