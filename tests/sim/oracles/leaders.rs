//! At most one leader in a term.

use std::collections::BTreeMap;

use flotilla_consensus::{Role, Status};
use flotilla_model::NodeId;
use parking_lot::Mutex;

#[derive(Default)]
pub(crate) struct Leaders {
    by_term: Mutex<BTreeMap<u64, NodeId>>,
}

impl Leaders {
    pub(crate) fn status(&self, status: &Status) -> Result<(), String> {
        if status.role != Role::Primary {
            return Ok(());
        }
        let first = *self.by_term.lock().entry(status.term).or_insert(status.node);
        if first == status.node {
            return Ok(());
        }
        Err(format!("nodes {first} and {} both lead in term {}", status.node, status.term))
    }

    /// How many terms had a leader.
    pub(crate) fn terms(&self) -> usize {
        self.by_term.lock().len()
    }
}
