//! One run: form a cluster, let everything go wrong while clients work, mend it, check.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use flotilla_consensus::sim::{DiskFaults, SimNetwork};
use flotilla_consensus::{random_below, random_u64, seed_randomness};
use tokio_util::sync::CancellationToken;

use crate::clients;
use crate::members;
use crate::nemesis;
use crate::oracles::check_order;
use crate::setup::{form_cluster, wait_until};
use crate::trace::Trace;
use crate::wires::{DirectWires, MeshWires, Wires};
use crate::world::{NODES, World};

const WRITERS: u64 = 2;
/// Simulated time until all nodes must have come to one state after everything was mended.
const CONVERGENCE: Duration = Duration::from_secs(30);

/// What the nodes talk through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JoinedBy {
    Wires,
    Mesh,
}

impl JoinedBy {
    fn wires(self) -> Box<dyn Wires> {
        match self {
            Self::Wires => Box::new(DirectWires(SimNetwork::new())),
            Self::Mesh => Box::new(MeshWires::new(random_u64())),
        }
    }
}

/// Runs a seed on this thread.
pub(crate) fn run(seed: u64, joined_by: JoinedBy) -> Result<Trace, String> {
    seed_randomness(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = World::new(joined_by.wires());
        live(&world).await;
        let trace = world.trace();
        match world.violation() {
            None => Ok(trace),
            Some(violation) => Err(format!("{violation}\nthe last events:\n{}", trace.tail(60))),
        }
    })
}

async fn live(world: &Arc<World>) {
    form_cluster(world).await;
    let stop = CancellationToken::new();
    let mut tasks: Vec<_> =
        (1..=WRITERS).map(|client| tokio::spawn(clients::write(Arc::clone(world), client, stop.clone()))).collect();
    tasks.push(tokio::spawn(clients::read(Arc::clone(world), stop.clone())));
    tasks.extend(NODES.map(|node| tokio::spawn(clients::work(Arc::clone(world), node, stop.clone()))));

    nemesis::rage(world, Duration::from_millis(3000 + random_below(3000))).await;
    mend(world).await;
    stop.cancel();
    for task in tasks {
        if let Err(error) = task.await {
            world.check("clients", Err(error.to_string()));
        }
    }
    if world.violation().is_none() {
        check_end(world).await;
    }
}

/// Everything works again; nodes that failed are started anew, as their supervisor would do.
async fn mend(world: &Arc<World>) {
    world.note("everything is mended for good");
    world.calm();
    for node in NODES {
        let has_failed =
            world.running().get(&node).is_some_and(|running| running.consensus.status().fatal_error.is_some());
        if has_failed {
            world.crash_node(node);
        }
        if !world.running().contains_key(&node) {
            world.disks[&node].set_faults(DiskFaults::default());
            world.start_node(node).await;
        }
    }
}

async fn check_end(world: &Arc<World>) {
    let is_led = wait_until(CONVERGENCE, || world.primary().is_some()).await;
    let Some(primary) = world.primary().filter(|_| is_led) else {
        return world.check("convergence", Err("there is no primary".to_owned()));
    };
    world.check("members", members::restore(world, CONVERGENCE).await);
    world.check("events", clients::drain(world, primary).await);
    let have_converged = wait_until(CONVERGENCE, || {
        let indices: BTreeSet<_> = world.running().values().map(|node| node.consensus.status().applied_index).collect();
        let lasts: BTreeSet<_> = world.running().values().map(|node| node.consensus.status().last_log_index).collect();
        indices.len() == 1 && indices == lasts
    })
    .await;
    if !have_converged {
        let statuses: Vec<_> = world.running().values().map(|node| node.consensus.status()).collect();
        return world.check("convergence", Err(format!("the nodes do not come together: {statuses:#?}")));
    }
    let highest = world.oracles.digests.highest_index();
    for (node, running) in world.running() {
        let view = running.consensus.view();
        let context = format!("the end, node {node}");
        world.check(&context, world.oracles.digests.view(node, &view));
        world.check(&context, world.oracles.acknowledged.check_end(&view.state));
        world.check(&context, check_order(&view.state));
        world.check(&context, view.state.check_invariants().map_err(|violation| violation.to_string()));
        if view.index < highest {
            world.check(&context, Err(format!("it is at {}, but {highest} was applied before", view.index)));
        }
    }
    let (indices, terms) = (world.oracles.digests.count(), world.oracles.leaders.terms());
    world.note(format!("{indices} indices were seen, {terms} terms had a leader"));
    if indices < 20 || terms == 0 {
        world.check("oracles", Err(format!("they saw only {indices} indices and {terms} leaders")));
    }
}
