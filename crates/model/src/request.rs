//! Requests of people that bring an idempotency key: repeated, they are answered as before, whichever node is asked.
//!
//! What was answered is kept sealed, since it may hold a secret that is shown once. Rows are kept for a day, and the oldest go first when
//! there are as many as there may be.

use serde::{Deserialize, Serialize};

use crate::ids::Sha256;
use crate::outcome::Rejection;
use crate::party::Sealed;
use crate::state::State;

/// How long a repeated request is recognised.
const REMEMBERED_MS: u64 = 86_400_000;
const REQUESTS_MAX: usize = 1000;
/// Answers are short documents.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// What was done under a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RememberedRequest {
    /// Of what was asked for.
    pub request: Sha256,
    pub answer: Sealed,
    pub at_ms: u64,
}

impl State {
    pub(crate) fn check_new_request(&self, key: &Sha256, request: &Sha256, answer: &Sealed) -> Result<(), Rejection> {
        match self.requests.get(key) {
            Some(row) if row.request == *request => Err(Rejection::RequestRepeated),
            Some(_) => Err(Rejection::RequestKeyReused),
            None if answer.0.len() > ANSWER_BYTES_MAX => Err(Rejection::NestedCommand),
            None => Ok(()),
        }
    }

    pub(crate) fn remember_request(&mut self, key: Sha256, request: Sha256, answer: Sealed) {
        if self.requests.len() >= REQUESTS_MAX {
            let oldest = self.requests.iter().min_by_key(|(_, row)| row.at_ms).map(|(key, _)| *key);
            oldest.and_then(|key| self.requests.remove(&key));
        }
        let at_ms = self.clock_ms();
        self.requests.insert(key, RememberedRequest { request, answer, at_ms });
    }

    pub(crate) fn forget_requests(&mut self) {
        let clock_ms = self.clock_ms();
        let is_old = |row: &RememberedRequest| row.at_ms.saturating_add(REMEMBERED_MS) <= clock_ms;
        let gone: Vec<_> = self.requests.iter().filter(|(_, row)| is_old(row)).map(|(key, _)| *key).collect();
        for key in gone {
            self.requests.remove(&key);
        }
    }
}
