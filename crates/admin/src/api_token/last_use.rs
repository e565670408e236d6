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

#[cfg(test)]
mod tests {
    use flotilla_model::{AccountName, AdministratorRole, Command, State};

    use super::*;

    /// A state with one token, of the hash of ones.
    fn state() -> State {
        let name = |text: &str| AccountName::parse(text).unwrap();
        let role = AdministratorRole::Auditor;
        let mut state = State::default();
        for command in [
            Command::CreateCluster { id: 1, name: "x".to_owned(), parameters: Vec::new(), now_ms: 1 },
            Command::PutAdministrator {
                name: name("ada"),
                password_hash: Some("x".to_owned()),
                role: Some(role),
                must_change_password: false,
                now_ms: 1,
            },
            Command::CreateApiToken {
                secret_hash: Sha256([1; 32]),
                name: name("token"),
                owner: name("ada"),
                role,
                description: String::new(),
                created_by: "ada".to_owned(),
                expires_ms: None,
                now_ms: 1,
            },
        ] {
            state.apply(&command).unwrap();
        }
        state
    }

    #[test]
    fn what_is_noted_of_tokens_that_are_gone_does_not_pile_up() {
        let (state, uses) = (state(), LastUse::default());
        uses.note(Sha256([1; 32]), 5, &state.api_tokens);
        for number in 2..50 {
            uses.note(Sha256([number; 32]), 6, &state.api_tokens);
            assert!(uses.0.lock().len() <= 2);
        }
        assert_eq!(uses.of(&Sha256([1; 32])), Some(5));
        assert_eq!(uses.of(&Sha256([2; 32])), None);
        uses.note(Sha256([1; 32]), 7, &state.api_tokens);
        assert_eq!(uses.of(&Sha256([1; 32])), Some(7));
    }
}
