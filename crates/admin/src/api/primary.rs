//! Who leads: `cluster/primary`.

use flotilla_model::NodeId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who leads, and who would be next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrimaryView {
    /// Absent while nobody leads, as far as the answering node hears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub node: Option<NodeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub term: u64,
    /// `manual` or `automatic`: `Cluster.failback`.
    pub failback: String,
    /// In the order of the `servers` list.
    pub order: Vec<PromotionView>,
}

/// A member in the order of promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromotionView {
    #[schema(value_type = u64)]
    pub node: NodeId,
    pub name: String,
    /// Whether it could take the lead now.
    pub is_able: bool,
    /// Why it could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Body of `POST cluster/primary/handover`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverRequest {
    /// Absent: the first of the `servers` list that has caught up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub to: Option<NodeId>,
}

/// The lead was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HandOverAnswer {
    #[schema(value_type = u64)]
    pub from: NodeId,
    #[schema(value_type = u64)]
    pub to: NodeId,
    pub took_ms: u64,
}
