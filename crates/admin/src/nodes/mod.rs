//! What is asked of one node: of its own process, its own disk. Asked of another node than the one that answers, it
//! travels over the mesh, so that every operation works through any node.
//!
//! On the way it is JSON: a request that an older node does not know is refused by it by name, and fields may be added.

mod examination;
mod log_lines;
mod pki;
mod problem;
mod request;

use async_trait::async_trait;
use flotilla_model::NodeId;

pub use examination::{CertificateFacts, DiskFacts, Examination, MemberCertificate, TargetFacts, TargetKind};
pub use log_lines::{LogLines, LogRequest, NodeLogLine};
pub use pki::{PkiAnswer, PkiRequest};
pub use problem::NodeProblem;
pub use request::{NodeAnswer, NodeRequest};

/// Asks nodes.
#[async_trait]
pub trait NodeOperations: Send + Sync + 'static {
    /// Asks a node, this one included, and waits for its answer.
    async fn ask(&self, node: NodeId, request: NodeRequest) -> Result<NodeAnswer, NodeProblem>;
}
