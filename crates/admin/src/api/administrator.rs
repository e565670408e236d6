//! Administrators.

use flotilla_model::AdministratorRole;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdministratorView {
    pub name: String,
    #[schema(value_type = super::schemas::AdministratorRole)]
    pub role: AdministratorRole,
    pub must_change_password: bool,
    /// Who is not cannot log in and has no API tokens.
    #[serde(default = "yes")]
    pub is_enabled: bool,
    pub created_at: Timestamp,
    pub version: u64,
    /// Until then nobody logs in under this name, unless an administrator unlocks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<Timestamp>,
    /// Of a delegate: the accounts that they look after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<String>>,
    /// Whether a log-in needs a code beside the password.
    #[serde(default)]
    pub has_second_factor: bool,
}

/// Body of `PUT administrators/NAME`. A new one needs a password and is an auditor unless a role is given.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdministratorChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<super::schemas::AdministratorRole>)]
    pub role: Option<AdministratorRole>,
    /// The password is good for one thing only: for setting another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_change_password: Option<bool>,
    /// Of a delegate: the accounts that they look after, and no others. Absent: those that they have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<String>>,
}

fn yes() -> bool {
    true
}

impl std::fmt::Debug for AdministratorChange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("AdministratorChange")
            .field("sets_password", &self.password.is_some())
            .field("role", &self.role)
            .field("accounts", &self.accounts)
            .finish()
    }
}
