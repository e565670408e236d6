//! What clients were told is true: acknowledged changes are there, changes said not to have happened are not.

use std::collections::BTreeMap;

use flotilla_consensus::{Applied, ProposeError};
use flotilla_model::State;
use parking_lot::Mutex;

/// What a client knows of one of its changes. Each change has a key of its own, so nothing overwrites it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Happened,
    DidNotHappen,
    Unknown,
}

/// Where a change shows in the state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Parameter(String),
    File(String),
    /// By its data.
    Event(String),
}

#[derive(Default)]
pub(crate) struct Acknowledged {
    changes: Mutex<BTreeMap<Key, Known>>,
}

pub(crate) const ACCOUNT: &str = "partner";

fn is_there(state: &State, key: &Key) -> bool {
    match key {
        Key::Parameter(name) => state.parameter(name, None).is_some(),
        Key::File(path) => {
            let account = flotilla_model::AccountName::parse(ACCOUNT).unwrap();
            let path = flotilla_model::FilePath::parse(path).unwrap();
            state.file(&account, &path).is_some()
        }
        Key::Event(data) => state.journal.iter().any(|entry| entry.data.read().unwrap() == data.as_bytes()),
    }
}

impl Acknowledged {
    /// A client was answered.
    pub(crate) fn answered(&self, key: Key, answer: &Result<Applied, ProposeError>) {
        let known = match answer {
            Ok(applied) if applied.outcome.is_ok() => Known::Happened,
            Ok(_) => Known::DidNotHappen,
            Err(error) if error.is_safe_to_retry() => Known::DidNotHappen,
            Err(_) => Known::Unknown,
        };
        self.changes.lock().insert(key, known);
    }

    /// The changes that were acknowledged by now.
    pub(crate) fn happened(&self) -> Vec<Key> {
        let changes = self.changes.lock();
        changes.iter().filter(|(_, known)| **known == Known::Happened).map(|(key, _)| key.clone()).collect()
    }

    /// A read that began after `before` was taken must show all of that.
    pub(crate) fn check_read(state: &State, before: &[Key]) -> Result<(), String> {
        match before.iter().find(|key| !is_there(state, key)) {
            Some(key) => Err(format!("a certain read does not show {key:?}, which was acknowledged before it began")),
            None => Ok(()),
        }
    }

    /// At the end: everything acknowledged is there, and nothing that was said not to have happened.
    pub(crate) fn check_end(&self, state: &State) -> Result<(), String> {
        for (key, known) in self.changes.lock().iter() {
            match (known, is_there(state, key)) {
                (Known::Happened, false) => return Err(format!("{key:?} was acknowledged and is lost")),
                (Known::DidNotHappen, true) => return Err(format!("{key:?} was refused and has happened")),
                _ => {}
            }
        }
        Ok(())
    }
}
