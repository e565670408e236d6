//! An event is completed at most once.

use std::collections::BTreeSet;

use flotilla_model::EventId;
use parking_lot::Mutex;

#[derive(Default)]
pub(crate) struct Completions {
    completed: Mutex<BTreeSet<EventId>>,
}

impl Completions {
    /// A worker was told that its result counts.
    pub(crate) fn counted(&self, event: EventId) -> Result<(), String> {
        if self.completed.lock().insert(event) { Ok(()) } else { Err(format!("event {event} was completed twice")) }
    }
}
