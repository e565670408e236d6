//! How a node becomes a member.

use flotilla_model::{MemberRole, NodeId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of `POST join-tokens`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinTokenRequest {
    /// An hour when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u64>,
}

/// The token is shown this once; the cluster keeps its hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JoinTokenAnswer {
    pub token: String,
    /// Names the token in logs without giving it away.
    pub id: String,
    pub expires_at: Timestamp,
    /// The `--primary` URL that goes with it: the token pins the CA of this node.
    pub url: String,
}

impl std::fmt::Debug for JoinTokenAnswer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("JoinTokenAnswer").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Body of `POST cluster/join`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    /// The token's secret in base64 (URL alphabet, no padding).
    pub secret: String,
    pub name: String,
    #[schema(value_type = super::schemas::MemberRole)]
    pub role: MemberRole,
    /// `host:port` of the cluster listener.
    pub mesh_address: String,
    pub admin_url: String,
    pub transfer_url: String,
    /// The CA of the joining node.
    pub authority_pem: String,
    /// Of the cluster secret that a node which joins by hand has already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_fingerprint: Option<String>,
}

impl std::fmt::Debug for JoinRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("JoinRequest")
            .field("name", &self.name)
            .field("mesh_address", &self.mesh_address)
            .finish_non_exhaustive()
    }
}

/// What a new member needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JoinAnswer {
    #[schema(value_type = u64)]
    pub node: NodeId,
    /// The same join was asked for before and is answered alike.
    pub again: bool,
    /// 32 hexadecimal digits.
    pub cluster_id: String,
    pub cluster_name: String,
    /// The cluster secret, sealed under a key of the token, in base64.
    pub sealed_secret: String,
    /// The value of `Cluster.Crypto.Alias`.
    pub certificate_alias: String,
    /// Every CA that the cluster trusts, in PEM.
    pub authorities_pem: Vec<String>,
    /// In the order of the `servers` list, the new one included.
    pub members: Vec<JoinMember>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JoinMember {
    #[schema(value_type = u64)]
    pub node: NodeId,
    pub name: String,
    #[schema(value_type = super::schemas::MemberRole)]
    pub role: MemberRole,
    pub mesh_address: String,
    pub admin_url: String,
    pub transfer_url: String,
}
