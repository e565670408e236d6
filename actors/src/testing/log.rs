//! A log that applies at once, or makes trouble.

use std::collections::VecDeque;
use std::time::Duration;

use async_trait::async_trait;
use flotilla_model::Command;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::cluster::Cluster;
use crate::ports::{Applied, Changes, ProposalError, ReplicatedLog, View, changes};

/// What happens to the next proposals, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Not applied.
    Refused,
    /// Applied, and the answer is lost.
    AnswerLost,
}

pub(crate) struct FakeLog {
    cluster: Mutex<Cluster>,
    index: watch::Sender<u64>,
    troubles: Mutex<VecDeque<Trouble>>,
    /// How long the log takes for a proposal.
    pub(crate) latency: Mutex<Duration>,
    pub(crate) proposed: Mutex<Vec<Vec<Command>>>,
}

impl FakeLog {
    pub(crate) fn new(cluster: Cluster) -> Self {
        let index = watch::Sender::new(cluster.view.index);
        Self {
            cluster: Mutex::new(cluster),
            index,
            troubles: Mutex::default(),
            latency: Mutex::default(),
            proposed: Mutex::default(),
        }
    }

    pub(crate) fn make_trouble(&self, troubles: &[Trouble]) {
        self.troubles.lock().extend(troubles);
    }

    /// Changes the state as if another node had proposed.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Cluster) -> R) -> R {
        let mut cluster = self.cluster.lock();
        let outcome = change(&mut cluster);
        self.index.send_replace(cluster.view.index);
        outcome
    }

    /// Waits until the state fulfils the predicate.
    pub(crate) async fn wait_for(&self, mut predicate: impl FnMut(&View) -> bool) -> View {
        let mut index = self.index.subscribe();
        loop {
            index.borrow_and_update();
            let view = self.view();
            if predicate(&view) {
                return view;
            }
            index.changed().await.unwrap();
        }
    }
}

#[async_trait]
impl ReplicatedLog for FakeLog {
    async fn propose_many(&self, commands: &[Command]) -> Result<Applied, ProposalError> {
        let latency = *self.latency.lock();
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let trouble = self.troubles.lock().pop_front();
        if trouble == Some(Trouble::Refused) {
            return Err(ProposalError::NotAccepted { reason: "no quorum".to_owned() });
        }
        let applied = self.change(|cluster| {
            let answers = commands.iter().map(|command| cluster.apply(command.clone())).collect();
            Applied { index: cluster.view.index, answers }
        });
        self.proposed.lock().push(commands.to_vec());
        match trouble {
            Some(_) => Err(ProposalError::Unknown { reason: "timeout".to_owned() }),
            None => Ok(applied),
        }
    }

    fn view(&self) -> View {
        self.cluster.lock().view.clone()
    }

    fn changes(&self) -> Changes {
        changes(self.index.subscribe())
    }
}
