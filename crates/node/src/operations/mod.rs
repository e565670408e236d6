//! What this node does when it or another one asks for it: one file for each subject.

mod doctor;
mod hand_over;
mod log_lines;
mod pki;
mod rebuild;

use std::collections::BTreeMap;
use std::sync::Arc;

use flotilla_actors::gmp::PoolStatus;
use flotilla_actors::supervision::Observer;
use flotilla_admin::nodes::{NodeAnswer, NodeProblem, NodeRequest};
use flotilla_consensus::Consensus;
use flotilla_files::DiskProbe;
use flotilla_mesh::Mesh;
use flotilla_model::NodeId;
use flotilla_pki::SecretHandle;
use flotilla_telemetry::RecentLines;

pub(crate) use self::pki::Keys;
use crate::history::History;
use crate::removal::Removal;

/// The parts that operations are done with.
pub(crate) struct Operations {
    pub(crate) node: NodeId,
    pub(crate) consensus: Consensus,
    pub(crate) pool: Observer<PoolStatus>,
    pub(crate) removal: Arc<Removal>,
    pub(crate) mesh: Mesh,
    pub(crate) probe: DiskProbe,
    pub(crate) secrets: SecretHandle,
    pub(crate) keys: Keys,
    pub(crate) recent_lines: RecentLines,
    pub(crate) history: History,
}

impl Operations {
    /// Does what was asked for.
    pub(crate) async fn carry_out(&self, request: NodeRequest) -> Result<NodeAnswer, NodeProblem> {
        match request {
            NodeRequest::HandOver { to } => self.hand_over(to).await,
            NodeRequest::Workers => {
                let pool = self.pool.get();
                let (workers, busy) = (u64::from(pool.workers), u64::from(pool.busy));
                let (is_claiming, is_drained) = (pool.claiming, pool.drained);
                Ok(NodeAnswer::Workers { workers, busy, is_claiming, is_drained })
            }
            NodeRequest::ExpectRemoval { is_expected } => {
                self.removal.expect(is_expected);
                Ok(NodeAnswer::Done)
            }
            NodeRequest::Digests => Ok(self.digests()),
            NodeRequest::Examine => Ok(NodeAnswer::Examined { examination: Box::new(self.examine().await) }),
            NodeRequest::Rebuild { from } => self.rebuild(from).await,
            NodeRequest::LogLines(request) => Ok(self.log_lines(&request)),
            NodeRequest::History { since_ms } => Ok(NodeAnswer::History(self.history.since(since_ms))),
            NodeRequest::Pki(request) => self.pki(request).await.map(NodeAnswer::Pki),
        }
    }

    /// Those at common indexes, and the one of this moment: in an idle cluster all nodes are at the same.
    fn digests(&self) -> NodeAnswer {
        let view = self.consensus.view();
        let recent = self.consensus.recent_digests().into_iter().map(|one| (one.index, one.digest));
        let mut digests: BTreeMap<u64, u64> = recent.collect();
        digests.insert(view.index, view.digest);
        NodeAnswer::Digests {
            digests: digests.into_iter().map(|(at, digest)| (at, format!("{digest:016x}"))).collect(),
        }
    }
}
