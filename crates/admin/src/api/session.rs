//! Sessions of administrators.

use flotilla_model::AdministratorRole;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of `POST sessions`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    pub name: String,
    pub password: String,
    /// Of the second factor, or a recovery code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

impl std::fmt::Debug for SessionRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SessionRequest").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    pub id: String,
    pub administrator: String,
    pub created_at: Timestamp,
    /// Its end however much it is used.
    pub expires_at: Timestamp,
    /// Address from which they logged in.
    pub remote: String,
    pub user_agent: String,
    pub has_second_factor: bool,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// One's own session; the cookie is in the answer's header.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CurrentSession {
    #[serde(flatten)]
    pub view: SessionView,
    #[schema(value_type = super::schemas::AdministratorRole)]
    pub role: AdministratorRole,
    /// What changes need in the header `X-CSRF-Token`.
    pub csrf_token: String,
    /// So long may it lie idle.
    pub idle_timeout_s: u64,
    pub must_change_password: bool,
}

impl std::fmt::Debug for CurrentSession {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CurrentSession").field("view", &self.view).finish_non_exhaustive()
    }
}
