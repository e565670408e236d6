//! What this node does when it or another one asks for it: one file for each subject.

mod hand_over;
mod pki;

use std::sync::Arc;

use flotilla_actors::gmp::PoolStatus;
use flotilla_actors::supervision::Observer;
use flotilla_admin::nodes::{NodeAnswer, NodeProblem, NodeRequest};
use flotilla_consensus::Consensus;
use flotilla_model::NodeId;

pub(crate) use self::pki::Keys;
use crate::removal::Removal;

/// The parts that operations are done with.
pub(crate) struct Operations {
    pub(crate) node: NodeId,
    pub(crate) consensus: Consensus,
    pub(crate) pool: Observer<PoolStatus>,
    pub(crate) removal: Arc<Removal>,
    pub(crate) keys: Keys,
}

impl Operations {
    /// Does what was asked for.
    pub(crate) async fn carry_out(&self, request: NodeRequest) -> Result<NodeAnswer, NodeProblem> {
        match request {
            NodeRequest::HandOver { to } => self.hand_over(to).await,
            NodeRequest::Workers => {
                let pool = self.pool.get();
                let (workers, busy) = (u64::from(pool.workers), u64::from(pool.busy));
                Ok(NodeAnswer::Workers { workers, busy, is_claiming: pool.claiming })
            }
            NodeRequest::ExpectRemoval { is_expected } => {
                self.removal.expect(is_expected);
                Ok(NodeAnswer::Done)
            }
            NodeRequest::Pki(request) => self.pki(request).await.map(NodeAnswer::Pki),
        }
    }
}
