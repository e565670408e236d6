//! API tokens.

use flotilla_model::AdministratorRole;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of `POST api-tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiTokenRequest {
    pub name: String,
    /// No higher than the owner's.
    #[schema(value_type = super::schemas::AdministratorRole)]
    pub role: AdministratorRole,
    /// Seconds from now; absent: until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whose it is. Only with a node's local token, which belongs to nobody; else it is the caller's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// The token is shown this once; the cluster keeps its hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiTokenAnswer {
    pub token: String,
    #[serde(flatten)]
    pub view: ApiTokenView,
}

impl std::fmt::Debug for ApiTokenAnswer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ApiTokenAnswer").field("view", &self.view).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiTokenView {
    pub name: String,
    pub owner: String,
    #[schema(value_type = super::schemas::AdministratorRole)]
    pub role: AdministratorRole,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    pub created_by: String,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// As far as the answering node has seen since it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}
