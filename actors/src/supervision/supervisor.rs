//! The supervisor of a process: spawns actors, knows them all, and ends their threads.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::{
    actor::{BoxError, Supervised},
    cell::Cell,
    error::SpawnError,
    fatal::Fatal,
    handle::{ActorHandle, Shared},
    placement::Placement,
    policy::Policy,
    registry::{Controlled, Leaked, Registry},
    slot::Slot,
    supervise::Keeper,
};

/// Operators and shutdown send commands; a handful at once is already unusual.
const COMMANDS_WAITING: usize = 8;

/// Cheap to clone; all clones are the same supervisor.
#[derive(Clone)]
pub struct Supervisor {
    pub(super) inside: Arc<Inside>,
}

pub(super) struct Inside {
    pub(super) runtime: Handle,
    pub(super) placement: Placement,
    pub(super) registry: Registry,
    pub(super) fatal: Fatal,
}

impl Supervisor {
    /// A supervisor whose own tasks, and its actors' offloaded work, run on `runtime`.
    pub fn new(runtime: Handle) -> Self {
        Self {
            inside: Arc::new(Inside {
                runtime,
                placement: Placement::default(),
                registry: Registry::default(),
                fatal: Fatal::default(),
            }),
        }
    }

    /// Puts an actor under supervision. `factory` runs on the actor's Arbiter for each incarnation; its error or panic
    /// counts as a failed start. Ends when the actor finishes or is stopped.
    pub fn spawn<A, F>(&self, name: &str, policy: Policy, factory: F) -> Result<ActorHandle<A>, SpawnError>
    where
        A: Supervised,
        F: Fn() -> Result<A, BoxError> + Send + Sync + 'static,
    {
        let (commands, received) = mpsc::channel(COMMANDS_WAITING);
        let shared = Arc::new(Shared {
            cell: Arc::new(Cell::new(name.to_owned(), &policy)),
            slot: Slot::new(policy.bound.while_down),
            commands,
        });
        let controlled: Arc<dyn Controlled> = shared.clone();
        self.inside.registry.add(name, controlled)?;
        let keeper = Keeper::new(
            Arc::clone(&self.inside),
            policy,
            Arc::clone(&shared.cell),
            Arc::clone(&shared.slot),
            Arc::new(factory),
            received,
        );
        self.inside.runtime.spawn(keeper.run());
        Ok(ActorHandle { shared })
    }

    /// All actors of this supervisor.
    pub fn registry(&self) -> &Registry {
        &self.inside.registry
    }

    /// Where a critical actor's end is reported.
    pub fn fatal(&self) -> &Fatal {
        &self.inside.fatal
    }

    /// The Arbiters.
    pub fn placement(&self) -> &Placement {
        &self.inside.placement
    }

    /// The shared runtime.
    pub fn runtime(&self) -> &Handle {
        &self.inside.runtime
    }

    /// Ends all Arbiter threads. Every actor must have been stopped before; the names of those that were not are the
    /// error.
    pub async fn shutdown(&self) -> Result<(), Leaked> {
        let outcome = self.inside.registry.shut_down();
        let inside = Arc::clone(&self.inside);
        // A thread on which an actor hangs cannot be joined.
        let wait = outcome.is_ok();
        let joined = self.inside.runtime.spawn_blocking(move || inside.placement.end_all(wait)).await;
        if let Err(error) = joined {
            tracing::error!(%error, "joining the Arbiter threads failed");
        }
        outcome
    }
}
