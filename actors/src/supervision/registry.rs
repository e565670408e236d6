//! All supervised actors by name, for status, metrics, console, and an operator's restart.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use thiserror::Error;

use super::{
    error::{RestartError, SpawnError},
    status::ActorStatus,
};

/// Actors were still there at the end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("actors were never stopped: {}", names.join(", "))]
pub struct Leaked {
    /// Their names.
    pub names: Vec<String>,
}

pub(super) trait Controlled: Send + Sync {
    fn status(&self) -> ActorStatus;
    fn restart(&self) -> Result<(), RestartError>;
}

#[derive(Default)]
struct Actors {
    by_name: BTreeMap<String, Arc<dyn Controlled>>,
    shut_down: bool,
}

/// The actors of one supervisor.
#[derive(Default)]
pub struct Registry {
    actors: Mutex<Actors>,
}

impl Registry {
    /// The status of every actor, ordered by name.
    pub fn statuses(&self) -> Vec<ActorStatus> {
        self.all().iter().map(|actor| actor.status()).collect()
    }

    /// The status of one actor.
    pub fn status(&self, name: &str) -> Option<ActorStatus> {
        let actor = self.actors.lock().by_name.get(name).cloned();
        actor.map(|actor| actor.status())
    }

    /// An operator's restart: ends the running incarnation, or brings a failed actor back with a fresh budget.
    pub fn restart(&self, name: &str) -> Result<(), RestartError> {
        let actor = self.actors.lock().by_name.get(name).cloned();
        actor.ok_or_else(|| RestartError::Unknown { name: name.to_owned() })?.restart()
    }

    /// Names of the actors that have not been stopped.
    pub fn names(&self) -> Vec<String> {
        self.actors.lock().by_name.keys().cloned().collect()
    }

    fn all(&self) -> Vec<Arc<dyn Controlled>> {
        self.actors.lock().by_name.values().cloned().collect()
    }

    pub(super) fn add(&self, name: &str, actor: Arc<dyn Controlled>) -> Result<(), SpawnError> {
        let mut actors = self.actors.lock();
        if actors.shut_down {
            return Err(SpawnError::ShutDown);
        }
        if actors.by_name.contains_key(name) {
            return Err(SpawnError::NameTaken { name: name.to_owned() });
        }
        actors.by_name.insert(name.to_owned(), actor);
        Ok(())
    }

    pub(super) fn remove(&self, name: &str) {
        let removed = self.actors.lock().by_name.remove(name);
        drop(removed);
    }

    pub(super) fn shut_down(&self) -> Result<(), Leaked> {
        let mut actors = self.actors.lock();
        actors.shut_down = true;
        let names: Vec<_> = actors.by_name.keys().cloned().collect();
        if names.is_empty() { Ok(()) } else { Err(Leaked { names }) }
    }
}
