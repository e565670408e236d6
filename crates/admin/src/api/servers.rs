//! The `servers` list.

use flotilla_model::NodeId;
use serde::{Deserialize, Serialize};

/// One line of it: the primary by preference first, then the order of promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerView {
    pub position: u64,
    pub node: NodeId,
    pub host: String,
    pub admin_url: String,
}
