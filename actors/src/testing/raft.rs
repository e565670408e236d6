//! A Raft that does as it is told and remembers it.

use async_trait::async_trait;
use flotilla_model::NodeId;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::ports::{Changes, RaftControl, RaftFailure, RaftStatus, changes};

pub(crate) struct FakeRaft {
    pub(crate) status: watch::Sender<RaftStatus>,
    pub(crate) asked: Mutex<Vec<String>>,
    pub(crate) asked_count: watch::Sender<usize>,
}

impl FakeRaft {
    pub(crate) fn new(status: RaftStatus) -> Self {
        Self { status: watch::Sender::new(status), asked: Mutex::default(), asked_count: watch::Sender::new(0) }
    }

    fn note(&self, asked: String) {
        self.asked.lock().push(asked);
        self.asked_count.send_modify(|count| *count += 1);
    }

    /// Waits until this was asked.
    pub(crate) async fn was_asked(&self, what: &str) {
        let mut count = self.asked_count.subscribe();
        count.wait_for(|_| self.asked.lock().iter().any(|asked| asked == what)).await.unwrap();
    }
}

#[async_trait]
impl RaftControl for FakeRaft {
    fn status(&self) -> RaftStatus {
        self.status.borrow().clone()
    }

    fn changes(&self) -> Changes {
        changes(self.status.subscribe())
    }

    async fn add_learner(&self, node: NodeId, name: String, address: String) -> Result<(), RaftFailure> {
        self.status.send_modify(|status| {
            status.learners.push(node);
            status.replicated_index.insert(node, status.last_log_index);
        });
        self.note(format!("add {node} {name} {address}"));
        Ok(())
    }

    async fn change_voters(&self, voters: Vec<NodeId>) -> Result<(), RaftFailure> {
        self.status.send_modify(|status| {
            let before = std::mem::replace(&mut status.voters, voters.clone());
            status.learners.extend(before);
            status.learners.retain(|node| !voters.contains(node));
        });
        self.note(format!("voters {voters:?}"));
        Ok(())
    }

    async fn remove_node(&self, node: NodeId) -> Result<(), RaftFailure> {
        self.status.send_modify(|status| status.learners.retain(|other| *other != node));
        self.note(format!("remove {node}"));
        Ok(())
    }

    fn set_promotion_order(&self, order: Vec<NodeId>) {
        self.note(format!("order {order:?}"));
    }

    fn suspect_primary(&self, primary: NodeId) {
        self.note(format!("suspect {primary}"));
    }

    async fn campaign(&self) -> Result<(), RaftFailure> {
        self.note("campaign".to_owned());
        Ok(())
    }

    async fn transfer_leadership(&self, to: NodeId) -> Result<(), RaftFailure> {
        self.note(format!("transfer {to}"));
        Ok(())
    }
}
