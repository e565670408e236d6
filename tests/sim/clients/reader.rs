//! A client that reads with certainty, through any node.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::pause;
use crate::oracles::Acknowledged;
use crate::world::World;

pub(crate) async fn read(world: Arc<World>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        pause(300).await;
        let Some((node, running)) = world.any_running() else { continue };
        let acknowledged = world.oracles.acknowledged.happened();
        if let Ok(view) = running.consensus.linearizable_view().await {
            world.note(format!("certain read through node {node} at {}", view.index));
            world.check("reads", Acknowledged::check_read(&view.state, &acknowledged));
        }
    }
}
