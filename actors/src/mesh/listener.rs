//! Keeps the cluster listener alive: when it dies or panics, it is run again by the restart policy; when it cannot be,
//! the process ends, since a node that nobody can reach is no member.

use std::sync::Arc;
use std::time::Duration;

use crate::ports;
use crate::supervision::{ActorHandle, BoxError, Ctx, Policy, SpawnError, StopError, Supervised, Supervisor};

pub(crate) struct Listening {
    listener: Arc<dyn ports::MeshListener>,
}

impl Supervised for Listening {
    fn started(&mut self, ctx: &mut Ctx<'_, Self>) -> Result<(), BoxError> {
        let listener = Arc::clone(&self.listener);
        ctx.offload(async move { listener.listen().await }, |_, outcome, ctx| match outcome {
            Ok(()) => ctx.finish(),
            Err(reason) => ctx.fail(reason),
        });
        Ok(())
    }
}

/// The listener of a node.
#[derive(Clone)]
pub struct MeshListenerActor {
    actor: ActorHandle<Listening>,
}

impl MeshListenerActor {
    /// Starts to listen.
    pub fn start(supervisor: &Supervisor, listener: Arc<dyn ports::MeshListener>) -> Result<Self, SpawnError> {
        let factory = move || Ok(Listening { listener: Arc::clone(&listener) });
        Ok(Self { actor: supervisor.spawn("mesh-listener", Policy::critical("mesh"), factory)? })
    }

    /// Stops listening.
    pub async fn stop(&self, deadline: Duration) -> Result<(), StopError> {
        self.actor.stop(deadline).await
    }
}
