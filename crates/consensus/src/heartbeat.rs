//! Heartbeats of the primary, at a pace of our own.
//!
//! openraft waits for the answer to a heartbeat for as long as lies between two of them. At a pace that notices a silent
//! primary soon, no heartbeat over a link between far sites would be answered in time, the lease would never be
//! extended, and a primary without a lease takes no writes. So openraft is told of a long interval, and heartbeats are
//! triggered here. Each follower has one on its way at a time.

use std::time::Duration;

use openraft::ServerState;
use openraft::async_runtime::WatchReceiver;
use tokio::time::{MissedTickBehavior, interval};

use crate::types::Raft;

/// Ends when Raft has stopped.
pub(crate) async fn beat(raft: Raft, period: Duration) {
    let mut metrics = raft.server_metrics();
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let state = metrics.borrow_and_update().state;
        let goes_on = match state {
            ServerState::Shutdown => false,
            ServerState::Leader => {
                ticks.tick().await;
                raft.trigger().heartbeat().await.is_ok()
            }
            // Whoever follows has nothing to say.
            _ => metrics.changed().await.is_ok(),
        };
        if !goes_on {
            return;
        }
    }
}
