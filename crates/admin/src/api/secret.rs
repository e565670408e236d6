//! The cluster secret: `cluster/secret`. The secret itself is shown by `export` alone.

use flotilla_model::NodeId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the cluster secret stands, seen from the node that answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecretView {
    /// Of the secret for what is made now: 16 hexadecimal digits.
    pub fingerprint: String,
    /// Of the one that is accepted besides it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The change that is under way, or the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<RotationView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RotationView {
    /// Of the new secret.
    pub fingerprint: String,
    /// Of the one that it replaces.
    pub previous: String,
    pub started_at: Timestamp,
    /// Since then the former one is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Members that have the new one.
    #[schema(value_type = Vec<u64>)]
    pub adopted: Vec<NodeId>,
    /// Members that do not have it yet.
    #[schema(value_type = Vec<u64>)]
    pub missing: Vec<NodeId>,
}

/// Body of `POST cluster/secret/rotation`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationRequest {
    /// The text of a secret file; without it a secret is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl std::fmt::Debug for RotationRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RotationRequest").field("is_given", &self.secret.is_some()).finish()
    }
}

/// Body of `POST cluster/secret/rotation/finish`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationFinish {
    /// Although members do not have the new secret: they are cut off until it is imported there by hand.
    #[serde(default)]
    pub force: bool,
}

/// Answer of `POST cluster/secret/export`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecretExport {
    pub fingerprint: String,
    /// The text of a secret file.
    pub secret: String,
}

impl std::fmt::Debug for SecretExport {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SecretExport").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}
