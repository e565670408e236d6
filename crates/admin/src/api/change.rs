//! Live changes: the documents of the stream `changes`.

use flotilla_model::NodeId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{NodeRole, QueueStatus};

/// What has to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    Nodes,
    Servers,
    Parameters,
    Accounts,
    Routes,
    Lanes,
    Queue,
    Transfers,
    Audit,
    Certificates,
    CertificateAuthorities,
    Secret,
    TransactionManager,
    Administrators,
    Sessions,
    ApiTokens,
}

impl ChangeKind {
    pub const ALL: [Self; 16] = [
        Self::Nodes,
        Self::Servers,
        Self::Parameters,
        Self::Accounts,
        Self::Routes,
        Self::Lanes,
        Self::Queue,
        Self::Transfers,
        Self::Audit,
        Self::Certificates,
        Self::CertificateAuthorities,
        Self::Secret,
        Self::TransactionManager,
        Self::Administrators,
        Self::Sessions,
        Self::ApiTokens,
    ];
}

/// The data of an event of the stream `changes`, whose id is `log_index`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// The state of the answering node at this index is what was compared.
    pub log_index: u64,
    /// Of the event `present`: what may be different from what the client knows; of `change`: what is different from the event before.
    pub kinds: Vec<ChangeKind>,
    /// With the kind `queue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueStatus>,
    /// With the kind `nodes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<NodeStanding>>,
}

/// How a node stands, as the answering one sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeStanding {
    #[schema(value_type = u64)]
    pub node: NodeId,
    pub role: NodeRole,
    pub is_up: bool,
    /// Absent for the node that answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_connected: Option<bool>,
}
