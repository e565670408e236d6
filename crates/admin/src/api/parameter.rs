//! Parameters: `configurations/options`.

use flotilla_model::NodeId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    /// `cluster`, `cluster or node`, or `local`.
    pub scope: String,
    pub help: String,
    /// For `If-Match`; 0 while it was never set.
    pub version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// Nodes with a value of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeParameterView>,
}

/// The value that one node has for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeParameterView {
    #[schema(value_type = u64)]
    pub node: NodeId,
    pub value: String,
    pub version: u64,
}

/// Query of `configurations/options/NAME`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ParameterQuery {
    /// One node's value instead of the cluster's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<u64>)]
    pub node: Option<NodeId>,
}

/// Body of `PUT configurations/options/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterChange {
    /// `null` goes back to the default.
    pub value: Option<String>,
}

/// Body of `PATCH configurations/options`: all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParametersChange {
    pub changes: Vec<BulkParameterChange>,
    /// Only says whether it would be refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// One of many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkParameterChange {
    pub name: String,
    /// One node's value instead of the cluster's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub node: Option<NodeId>,
    /// `null` goes back to the default.
    pub value: Option<String>,
    /// Only if it has this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
}

/// What a parameter was set to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ParameterVersionView {
    pub version: u64,
    /// Absent: it went back to the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    pub changed_by: String,
    pub changed_at: Timestamp,
}
