//! What one round of questions has brought.

use std::collections::BTreeMap;

use flotilla_admin::api::{
    ClusterNode, ClusterStatus, Diagnosis, EventStatistics, LaneView, ManagerState, ManagerView, NodeId, NodeRole,
    NodeStatus,
};

/// The cluster at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Picture {
    pub(super) answered_by: String,
    pub(super) cluster: ClusterStatus,
    pub(super) statistics: EventStatistics,
    pub(super) lanes: Vec<LaneView>,
    /// None: nothing is known of them this time.
    pub(super) managers: Vec<ManagerView>,
    /// Of the nodes that have answered for themselves.
    pub(super) nodes: BTreeMap<NodeId, NodeStatus>,
}

/// What comes from the one who asks.
#[derive(Debug)]
pub(super) enum Report {
    Picture(Box<Picture>),
    /// No node has answered, and why.
    Failure(String),
    /// What the doctor found, or why he could not look.
    Diagnosis(Result<Diagnosis, String>),
}

/// How a node does, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    Down,
    /// The node that answers hears nothing of it.
    NotHeard,
    Stopping,
    /// Its Transaction Manager was stopped.
    NoWork,
    /// It was, and lets what it has begun end.
    Draining,
    Good,
}

impl Health {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::NotHeard => "not heard",
            Self::Stopping => "stopping",
            Self::NoWork => "TM stopped",
            Self::Draining => "TM draining",
            Self::Good => "good",
        }
    }
}

impl Picture {
    pub(super) fn health(&self, node: &ClusterNode) -> Health {
        if !node.is_up || node.role == NodeRole::Down {
            return Health::Down;
        }
        if node.link.as_ref().is_some_and(|link| !link.is_connected) {
            return Health::NotHeard;
        }
        if self.nodes.get(&node.node).is_some_and(|status| status.is_stopping) {
            return Health::Stopping;
        }
        match self.manager(node.node).map(|row| row.state) {
            Some(ManagerState::Stopped) => Health::NoWork,
            Some(ManagerState::Draining) => Health::Draining,
            _ => Health::Good,
        }
    }

    pub(super) fn manager(&self, node: NodeId) -> Option<&ManagerView> {
        self.managers.iter().find(|row| row.node == node)
    }

    /// Workers that are busy, and how many there may be.
    pub(super) fn workers(&self, node: NodeId) -> Option<(u64, u64)> {
        if let Some(status) = self.nodes.get(&node) {
            return Some((status.gmp.busy, status.gmp.threads_max));
        }
        let row = self.manager(node)?;
        row.busy.zip(row.workers)
    }

    /// Events that have not ended and are nobody's to decide about.
    pub(super) fn depth(&self) -> u64 {
        let queue = &self.cluster.queue;
        queue.ready + queue.waiting + queue.blocked + queue.leased
    }
}
