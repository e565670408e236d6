//! Accounts of partners.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountView {
    pub name: String,
    pub is_enabled: bool,
    pub quota_bytes: Option<u64>,
    pub quota_files: Option<u64>,
    pub used_bytes: u64,
    pub used_files: u64,
    pub created_at: Timestamp,
    /// For `If-Match`.
    pub version: u64,
}

/// Query of `GET accounts`, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AccountsQuery {
    /// A part of the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// Only those behind this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Absent: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// Body of `PUT accounts/NAME`. What is absent stays as it is; a new account needs a password.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_enabled: Option<bool>,
    /// `null` lifts the quota.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    #[schema(value_type = Option<u64>)]
    pub quota_bytes: Option<Option<u64>>,
    /// `null` lifts the quota.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    #[schema(value_type = Option<u64>)]
    pub quota_files: Option<Option<u64>>,
}

impl std::fmt::Debug for AccountChange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("AccountChange")
            .field("sets_password", &self.password.is_some())
            .field("is_enabled", &self.is_enabled)
            .field("quota_bytes", &self.quota_bytes)
            .field("quota_files", &self.quota_files)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_absent_and_unknown_are_three_things() {
        let lifted: AccountChange = serde_json::from_str(r#"{"quota_bytes": null, "quota_files": 5}"#).unwrap();
        assert_eq!((lifted.quota_bytes, lifted.quota_files), (Some(None), Some(Some(5))));
        assert_eq!(serde_json::from_str::<AccountChange>("{}").unwrap(), AccountChange::default());
        assert!(serde_json::from_str::<AccountChange>(r#"{"quota": 5}"#).is_err());
        assert_eq!(serde_json::to_string(&lifted).unwrap(), r#"{"quota_bytes":null,"quota_files":5}"#);
    }

    #[test]
    fn passwords_stay_out_of_debug() {
        let change = AccountChange { password: Some("correct horse".to_owned()), ..AccountChange::default() };
        assert!(!format!("{change:?}").contains("horse"));
    }
}
