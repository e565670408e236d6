//! The log against a plain vector, through any sequence of operations and restarts.

use std::sync::Arc;

use openraft::storage::RaftLogStorage;
use proptest::prelude::*;

use super::{append, entries, entry, last, open};
use crate::sim::SimDisk;
use crate::types::{Entry, LogId, log_id};

#[derive(Clone, Debug)]
enum Action {
    Append(u64),
    /// Keeps this share of what is there, in percent.
    Truncate(u64),
    Purge(u64),
    /// Purges behind the end, as the installation of a snapshot does.
    PurgeBeyond(u64),
    Reopen,
    Crash,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (1_u64..20).prop_map(Action::Append),
        2 => (0_u64..100).prop_map(Action::Truncate),
        2 => (0_u64..100).prop_map(Action::Purge),
        1 => (0_u64..5).prop_map(Action::PurgeBeyond),
        2 => Just(Action::Reopen),
        2 => Just(Action::Crash),
    ]
}

#[derive(Default)]
struct Model {
    term: u64,
    first: u64,
    entries: Vec<Entry>,
    purged: Option<LogId>,
}

impl Model {
    fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn last(&self) -> Option<LogId> {
        self.entries.last().map(|entry| entry.log_id).or(self.purged)
    }

    fn at(&self, percent: u64) -> Option<LogId> {
        let position = self.entries.len() as u64 * percent / 100;
        self.entries.get(position as usize).map(|entry| entry.log_id)
    }
}

async fn run(actions: Vec<Action>) {
    let disk = Arc::new(SimDisk::new());
    let mut model = Model { term: 1, ..Model::default() };
    let mut log = open(&disk).unwrap();
    for action in actions {
        match action {
            Action::Append(count) => {
                let new: Vec<_> = (model.end()..model.end() + count).map(|index| entry(model.term, index)).collect();
                append(&mut log, new.clone()).await.unwrap();
                model.entries.extend(new);
            }
            Action::Truncate(percent) => {
                let after = model.at(percent).or(model.purged);
                log.truncate_after(after).await.unwrap();
                model.entries.retain(|entry| Some(entry.log_id) <= after);
                model.term += 1;
            }
            Action::Purge(percent) => {
                if let Some(upto) = model.at(percent) {
                    log.purge(upto).await.unwrap();
                    model.entries.retain(|entry| entry.log_id > upto);
                    (model.first, model.purged) = (upto.index + 1, Some(upto));
                }
            }
            Action::PurgeBeyond(distance) => {
                model.term += 1;
                let upto = log_id(model.term, model.end() + distance);
                log.purge(upto).await.unwrap();
                model.entries.clear();
                (model.first, model.purged) = (upto.index + 1, Some(upto));
            }
            Action::Reopen => {
                log.close().await.unwrap();
                log = open(&disk).unwrap();
            }
            Action::Crash => {
                log.close().await.unwrap();
                disk.crash();
                log = open(&disk).unwrap();
            }
        }
        assert_eq!(entries(&log).await, model.entries);
        assert_eq!(last(&mut log).await, model.last());
        assert_eq!(log.get_log_state().await.unwrap().last_purged_log_id, model.purged);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn the_log_behaves_like_a_vector(actions in proptest::collection::vec(action(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(run(actions));
    }
}
