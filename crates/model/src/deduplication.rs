//! Idempotency keys: an application that publishes an event again under its key gets the first one's id.
//!
//! The window is bounded in time (`EventQueue.deduplicationWindow`) and in number (`EventQueue.maxDeduplicationKeys`).

use serde::{Deserialize, Serialize};

use crate::ids::EventId;
use crate::names::{AccountName, EventKey};
use crate::state::{State, parameter_names};

/// Most keys that one command forgets: a lowered bound is reached over several commands.
const FORGOTTEN_MAX: usize = 4096;

/// The event that a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RememberedKey {
    pub event: EventId,
    pub at_ms: u64,
}

impl State {
    /// The event that was published under the key, within the window.
    pub(crate) fn remembered(&self, account: &AccountName, key: &EventKey) -> Option<EventId> {
        let row = self.idempotency_keys.get(&(account.clone(), key.clone()))?;
        (row.at_ms.saturating_add(self.deduplication_window_ms()) > self.clock_ms()).then_some(row.event)
    }

    pub(crate) fn remember(&mut self, account: &AccountName, key: &EventKey, event: EventId) {
        let (key, at_ms) = ((account.clone(), key.clone()), self.clock_ms());
        if let Some(old) = self.idempotency_keys.get(&key) {
            self.keys_by_age.remove(&old.event);
        }
        self.idempotency_keys.insert(key.clone(), RememberedKey { event, at_ms });
        self.keys_by_age.insert(event, key);
    }

    /// Drops what is out of the window.
    pub(crate) fn forget_keys(&mut self) {
        let limit = self.number(parameter_names::MAX_DEDUPLICATION_KEYS, 100_000) as usize;
        let window_ms = self.deduplication_window_ms();
        for _ in 0..FORGOTTEN_MAX {
            let Some((event, key)) = self.keys_by_age.get_min().cloned() else { return };
            let is_old = self
                .idempotency_keys
                .get(&key)
                .is_none_or(|row| row.at_ms.saturating_add(window_ms) <= self.header.clock_ms);
            if !is_old && self.idempotency_keys.len() <= limit {
                return;
            }
            self.keys_by_age.remove(&event);
            self.idempotency_keys.remove(&key);
        }
    }

    fn deduplication_window_ms(&self) -> u64 {
        self.number(parameter_names::DEDUPLICATION_WINDOW, 300).saturating_mul(1000)
    }
}
