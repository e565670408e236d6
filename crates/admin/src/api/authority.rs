//! CAs: `certificateAuthorities`.

use flotilla_model::NodeId;
use flotilla_pki::KeyAlgorithm;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A CA that the cluster trusts for traffic between its nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuthorityView {
    /// `ca`, `ca-old-<serial>` for a former one of a node, or `imported`.
    pub name: String,
    /// The node whose it is, or was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub node: Option<NodeId>,
    pub subject: String,
    pub serial: String,
    /// SHA-256, hexadecimal.
    pub fingerprint: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub key: String,
    /// Its node issues with it.
    pub is_current: bool,
    /// Certificates of members that it has issued and that have not ended.
    pub live_certificates: u64,
    pub certificate_pem: String,
}

/// Body of `POST certificateAuthorities`: a node's internal CA.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GenerateAuthority {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub node: Option<NodeId>,
    /// Without it made of the node's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    #[serde(default)]
    #[schema(value_type = super::schemas::KeyAlgorithm)]
    pub algorithm: KeyAlgorithm,
    /// Without it ten years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u64>,
}

/// Body of `POST certificateAuthorities/renew`. What is left out is as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewAuthority {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub node: Option<NodeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<super::schemas::KeyAlgorithm>)]
    pub algorithm: Option<KeyAlgorithm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u64>,
}

/// Body of `POST certificateAuthorities/import`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportAuthorities {
    /// One or more CA certificates in PEM.
    pub certificates_pem: String,
}

/// Query of `DELETE certificateAuthorities/{name}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RemoveAuthorityQuery {
    /// Although certificates of it have not ended.
    #[serde(default)]
    pub force: bool,
}
