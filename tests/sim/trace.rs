//! The run as a list of events with their times: equal for equal seeds.

use std::hash::{DefaultHasher, Hash, Hasher};

#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    events: Vec<String>,
}

impl Trace {
    pub(crate) fn push(&mut self, time_us: u128, event: &str) {
        self.events.push(format!("{time_us:>10} {event}"));
    }

    /// `DefaultHasher::new()` has fixed keys.
    pub(crate) fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.events.hash(&mut hasher);
        hasher.finish()
    }

    /// The first event that differs: its position and both texts.
    pub(crate) fn difference(&self, other: &Self) -> Option<(usize, String, String)> {
        let length = self.events.len().max(other.events.len());
        let at = |trace: &Self, position: usize| trace.events.get(position).cloned().unwrap_or_default();
        (0..length)
            .find(|position| at(self, *position) != at(other, *position))
            .map(|position| (position, at(self, position), at(other, position)))
    }

    /// The last events, for the report of a failure.
    pub(crate) fn tail(&self, count: usize) -> String {
        self.events[self.events.len().saturating_sub(count)..].join("\n")
    }
}
