//! The cluster and its members.

use serde::{Deserialize, Serialize};

use crate::ids::{NodeId, SessionId};

/// What the cluster is, once for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cluster {
    /// Random, drawn by `init`. 0 until the cluster was created.
    pub id: u128,
    pub name: String,
    pub created_ms: u64,
}

/// What a member does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberRole {
    /// Serves partners, holds files, runs workers.
    Full,
    /// Votes only.
    Witness,
}

/// One node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Member {
    pub id: NodeId,
    /// Host name that the others resolve.
    pub name: String,
    pub role: MemberRole,
    /// `host:port` of the cluster listener.
    pub mesh_address: String,
    pub admin_url: String,
    pub transfer_url: String,
    /// The running process; `None` when the node was declared lost or has never started.
    pub session: Option<SessionId>,
    /// Version of the software of that process.
    pub version: String,
    pub joined_ms: u64,
    /// Time of the last change between running and lost.
    pub changed_ms: u64,
    /// Fingerprint of the internal CA that the member brought.
    pub authority: String,
}

impl Member {
    /// Whether its process runs, as far as the log knows.
    pub fn is_up(&self) -> bool {
        self.session.is_some()
    }

    /// Whether its process has ever run.
    pub fn has_run(&self) -> bool {
        !self.version.is_empty()
    }

    /// Whether it holds files and runs workers.
    pub fn is_full(&self) -> bool {
        self.role == MemberRole::Full
    }
}

/// A member that is about to be removed: others take over what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Leaving {
    pub since_ms: u64,
}

/// A CA that the cluster trusts for traffic between its nodes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Authority {
    /// SHA-256 of the DER form, in lower-case hexadecimal.
    pub fingerprint: String,
    pub certificate_pem: String,
    /// The member that brought it.
    pub node: Option<NodeId>,
    pub added_ms: u64,
}

/// A one-time permission to join. Only the hash of its secret is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JoinToken {
    pub created_ms: u64,
    pub expires_ms: u64,
    pub created_by: String,
    /// The member that used it: a repeated join of the same member is answered alike.
    pub used_by: Option<NodeId>,
}
