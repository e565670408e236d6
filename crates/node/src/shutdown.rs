//! Stopping a node: phases in order, each with a budget, none of which can keep the process from ending.

use std::future::Future;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use flotilla_actors::ports::ReplicatedLog;
use flotilla_config::parameters::Parameters;
use flotilla_consensus::Role;
use flotilla_model::{Command, NodeId};

use crate::assembly::Node;
use crate::clock::now_ms;

/// Handing the lead over takes an election; the log may have no quorum any more.
const LEADERSHIP_BUDGET: Duration = Duration::from_millis(1500);
const FAREWELL_BUDGET: Duration = Duration::from_millis(1000);
const ACTOR_BUDGET: Duration = Duration::from_secs(2);
/// Spans that wait fill a few requests; a receiver that does not take them in this time does not get them.
const TRACES_BUDGET: Duration = Duration::from_secs(3);
const PART_BUDGET: Duration = Duration::from_secs(5);

async fn phase(name: &str, budget: Duration, work: impl Future<Output = ()>) {
    let begun = Instant::now();
    let ended = tokio::time::timeout(budget, work).await.is_ok();
    let took_ms = begun.elapsed().as_millis() as u64;
    if ended {
        tracing::info!(phase = name, took_ms, "stopping");
    } else {
        tracing::warn!(phase = name, took_ms, "stopping: cut off at the end of its budget");
    }
}

/// Stops everything. After a fatal failure nothing is waited for that needs the log.
pub(crate) async fn stop(node: Node, is_fatal: bool) {
    let state = node.consensus.view().state.clone();
    let id = node.id;
    let parameters = Parameters(|name: &str| state.parameter(name, Some(id)).map(|row| row.value.clone()));
    let (http, manager) = (parameters.http_shutdown_timeout(), parameters.transaction_manager_shutdown_timeout());
    node.health.drain();
    node.facts.gateway_open.store(false, Ordering::Relaxed);
    let Node {
        log, mesh, consensus, supervisor, actors, store, admin, gateway, telemetry, background, session, ..
    } = node;

    if !is_fatal {
        // Partners' transfers and workers' events end side by side.
        let transfers = phase("transfers", http + PART_BUDGET, async {
            if let Some(gateway) = gateway {
                gateway.stop(http).await;
            }
        });
        let workers = phase("workers", manager + PART_BUDGET, async {
            if let Err(error) = actors.gmp.stop(manager).await {
                tracing::warn!(%error, "the pool did not stop in order; its leases return with the session");
            }
        });
        tokio::join!(transfers, workers);
    }
    for task in background {
        task.abort();
    }
    phase("actors", ACTOR_BUDGET * 5, async {
        let budget = ACTOR_BUDGET;
        // The failure detector goes first: a node that leaves must not judge others.
        let stopped = tokio::join!(
            actors.failover.stop(budget),
            actors.membership.stop(budget),
            actors.ticker.stop(budget),
            actors.certificates.stop(budget),
            actors.config_sync.stop(budget),
            actors.secret_rotations.stop(budget),
        );
        let problems = [stopped.0, stopped.1, stopped.2, stopped.3, stopped.4, stopped.5];
        for error in problems.into_iter().filter_map(Result::err) {
            tracing::warn!(%error, "an actor was cut off");
        }
    })
    .await;
    if !is_fatal {
        phase("leadership", LEADERSHIP_BUDGET, leave_leadership(&consensus, id)).await;
        phase("farewell", FAREWELL_BUDGET, async {
            let lost = Command::NodeLost { node: id, session, reason: "stopped in order".to_owned(), now_ms: now_ms() };
            if let Err(error) = log.propose_many(&[lost]).await {
                tracing::info!(%error, "the others find out by themselves that this node has stopped");
            }
        })
        .await;
    }
    phase("traces", TRACES_BUDGET, telemetry.stop()).await;
    phase("administration", PART_BUDGET, admin.stop()).await;
    phase("contents", PART_BUDGET, store.close()).await;
    phase("log", PART_BUDGET, consensus.shutdown()).await;
    phase("mesh", PART_BUDGET, async {
        let (links, listener) =
            tokio::join!(actors.mesh_links.stop(ACTOR_BUDGET), actors.mesh_listener.stop(ACTOR_BUDGET));
        for error in [links, listener].into_iter().filter_map(Result::err) {
            tracing::warn!(%error, "an actor was cut off");
        }
        mesh.shutdown().await;
    })
    .await;
    phase("supervision", PART_BUDGET, async {
        if let Err(leaked) = supervisor.shutdown().await {
            tracing::warn!(%leaked, "actors were left");
        }
    })
    .await;
}

/// Hands the lead to the first node in order of promotion that is caught up, and waits until it leads.
async fn leave_leadership(consensus: &flotilla_consensus::Consensus, id: NodeId) {
    let status = consensus.status();
    if status.role != Role::Primary {
        return;
    }
    let view = consensus.view();
    let is_able = |node: &NodeId| {
        *node != id
            && status.voters.contains_key(node)
            && view.state.members.get(node).is_some_and(|member| member.is_up())
            && status.peers.get(node).is_some_and(|progress| progress.lag < 1000)
    };
    let Some(successor) = view.state.servers().iter().copied().find(is_able) else { return };
    if let Err(error) = consensus.transfer_leadership(successor).await {
        tracing::info!(%error, "the lead is not handed over");
        return;
    }
    let mut changes = consensus.watch_status();
    while consensus.status().leader == Some(id) {
        if !changes.changed().await {
            return;
        }
    }
}
