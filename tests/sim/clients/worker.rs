//! The workers of one node: claim events, run them for a while, report.

use std::collections::BTreeSet;
use std::sync::Arc;

use flotilla_consensus::random_below;
use flotilla_model::{Command, EventId, NodeId, Outcome, WorkEnd, WorkResult, WorkerId};
use tokio_util::sync::CancellationToken;

use super::pause;
use crate::world::{Running, World};

pub(crate) async fn work(world: Arc<World>, node: NodeId, stop: CancellationToken) {
    while !stop.is_cancelled() {
        pause(200).await;
        if let Some(running) = world.running().remove(&node) {
            work_once(&world, node, &running).await;
        }
    }
}

/// Claims and completes until nothing is left to do. Fails when work stays stuck.
pub(crate) async fn drain(world: &World, node: NodeId) -> Result<(), String> {
    let Some(running) = world.running().remove(&node) else { return Err("the node does not run".to_owned()) };
    for round in 1..200 {
        let view = running.consensus.linearizable_view().await.map_err(|error| error.to_string())?;
        let queue = view.state.queue_statistics();
        if queue.ready + queue.waiting + queue.blocked + queue.leased == 0 {
            return Ok(());
        }
        work_once(world, node, &running).await;
        // Leases that nobody knows of, since the answer to their claim was lost, end by the log's time.
        let tick = Command::Tick { now_ms: world.now_ms() + round * 60_000 };
        running.consensus.propose(tick).await.map_err(|error| error.to_string())?;
    }
    Err("events are never finished".to_owned())
}

async fn work_once(world: &World, node: NodeId, running: &Running) {
    let session = running.session;
    let claim = Command::Claim { node, session, count: 4, steal_after_ms: 100, now_ms: world.now_ms() };
    let Ok(applied) = running.consensus.propose(claim).await else { return };
    let Ok(Outcome::Claimed { leases, .. }) = applied.outcome else {
        // The cluster thinks that this process is lost, or has not heard of it yet.
        let started = world.started_command(node, session);
        return drop(running.consensus.propose(started).await);
    };
    if leases.is_empty() {
        return;
    }
    pause(100).await;
    let result = |(event, attempt)| {
        let end = if random_below(8) == 0 {
            WorkEnd::Failed { reason: "the receiver was busy".to_owned(), retryable: true }
        } else {
            WorkEnd::Done
        };
        WorkResult { event, attempt, worker: WorkerId(1), steps: Vec::new(), end }
    };
    let results: Vec<_> = leases.into_iter().map(result).collect();
    let done: BTreeSet<EventId> = results.iter().filter(|r| r.end == WorkEnd::Done).map(|r| r.event).collect();
    let complete = Command::Complete { node, session, results, now_ms: world.now_ms() };
    let Ok(applied) = running.consensus.propose(complete).await else { return };
    if let Ok(Outcome::Completed { stale }) = applied.outcome {
        for event in done.into_iter().filter(|event| !stale.contains(event)) {
            world.check("completions", world.oracles.completions.counted(event));
        }
    }
}
