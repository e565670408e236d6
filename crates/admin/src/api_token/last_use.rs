//! When a token was used last, as far as this node has seen. In memory only: a log entry for each request would be a high price
//! for a date, and a restart loses no more than that.

use std::collections::HashMap;

use flotilla_model::{ApiToken, Sha256, Table};
use parking_lot::Mutex;

/// No larger than twice the number of tokens that there are.
#[derive(Default)]
pub(crate) struct LastUse(Mutex<HashMap<Sha256, u64>>);

impl LastUse {
    /// `tokens`: those that there are; what is noted of others is forgotten when it takes up room.
    pub(crate) fn note(&self, token: Sha256, now_ms: u64, tokens: &Table<Sha256, ApiToken>) {
        let mut uses = self.0.lock();
        if uses.len() >= 2 * tokens.len() {
            uses.retain(|hash, _| tokens.contains(hash));
        }
        uses.insert(token, now_ms);
    }

    pub(crate) fn of(&self, token: &Sha256) -> Option<u64> {
        self.0.lock().get(token).copied()
    }
}
