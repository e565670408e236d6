//! The `servers` list.

use flotilla_model::NodeId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One line of it: the primary by preference first, then the order of promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerView {
    pub position: u64,
    #[schema(value_type = u64)]
    pub node: NodeId,
    pub host: String,
    pub admin_url: String,
    /// It is about to be removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaving: Option<LeavingView>,
}

/// What a member that is about to be removed still has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeavingView {
    pub since: Timestamp,
    /// Contents that no other node holds which stays.
    pub contents: u64,
    /// Events that it works on.
    pub events: u64,
}

/// Body of `POST servers`: a server that joins by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerInvitation {
    /// Its name, as `join --name` will have it.
    pub host: String,
    /// How long it may take until it joins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u64>,
}

/// A server may join by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerInvited {
    pub host: String,
    pub expires_at: Timestamp,
    /// Whom it is to name as `--primary`.
    pub url: String,
}

/// Body of `PATCH servers/NODE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerMove {
    /// From 0: first to be promoted.
    pub position: u32,
}

/// Body of `PUT servers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServersImport {
    /// The text of a `servers` file.
    pub text: String,
    /// Remove members that the file leaves out; else it is refused.
    #[serde(default)]
    pub remove_missing: bool,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

/// What an import does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServersPlan {
    /// The order after it.
    #[schema(value_type = Vec<u64>)]
    pub order: Vec<NodeId>,
    /// Members that change their place.
    #[schema(value_type = Vec<u64>)]
    pub moved: Vec<NodeId>,
    #[schema(value_type = Vec<u64>)]
    pub removed: Vec<NodeId>,
}
