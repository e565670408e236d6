//! What one node finds when it looks at itself and around: facts, judged elsewhere (`crate::doctor`).

use flotilla_model::NodeId;
use serde::{Deserialize, Serialize};

/// The facts of one node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examination {
    pub version: String,
    /// Its clock when it answered, in milliseconds since the Unix epoch.
    pub now_ms: u64,
    pub secret_fingerprint: String,
    /// `Cluster.Crypto.Alias` as it knows it, and the certificate in force.
    pub alias: String,
    pub certificate: CertificateFacts,
    /// The CAs that it trusts.
    pub authorities: Vec<CertificateFacts>,
    /// The `servers` list as it knows it.
    pub servers: Vec<NodeId>,
    pub disk: DiskFacts,
    /// Every server, this node too, and every integration that the cluster talks to.
    pub targets: Vec<TargetFacts>,
    /// The certificates that the members show, its own too, as its TLS judges them. Older versions do not tell.
    #[serde(default)]
    pub members: Vec<MemberCertificate>,
}

/// The certificate of a member, seen from the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberCertificate {
    pub node: NodeId,
    pub alias: String,
    /// Why the node would refuse it in a handshake; absent when it would not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFacts {
    pub alias: String,
    pub subject: String,
    pub not_after_ms: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskFacts {
    pub free_bytes: u64,
    pub size_bytes: u64,
    /// Of a small write with its sync; absent when it failed or did not end in time.
    pub sync_us: Option<u64>,
    pub failure: Option<String>,
}

/// What a host and port are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// Traffic between the nodes.
    Cluster,
    Administration,
    Partners,
    /// Something outside: the receiver of a webhook.
    Integration,
}

impl TargetKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Cluster => "cluster port",
            Self::Administration => "admin port",
            Self::Partners => "port for partners",
            Self::Integration => "integration",
        }
    }
}

/// One host and port, seen from the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetFacts {
    pub kind: TargetKind,
    /// The member, if it is one.
    pub node: Option<NodeId>,
    pub host: String,
    pub port: u16,
    /// What the name resolves to; or why it does not.
    pub addresses: Result<Vec<String>, String>,
    /// What the first address resolves back to.
    pub reverse: Result<String, String>,
    /// How long a connection took, in microseconds; or why there was none.
    pub connected: Result<u64, String>,
}
