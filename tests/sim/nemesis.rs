//! What goes wrong: one mishap after the other, drawn at random.

use std::sync::Arc;
use std::time::Duration;

use flotilla_consensus::random_below;
use flotilla_consensus::sim::{DiskFaults, LinkFaults};
use flotilla_model::NodeId;
use tokio::time::{Instant, sleep};

use crate::members::{self, Changes};
use crate::world::{NODES, World};

fn any_node() -> NodeId {
    NODES[random_below(NODES.len() as u64) as usize]
}

fn milliseconds(range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(range.start + random_below(range.end - range.start))
}

pub(crate) async fn rage(world: &Arc<World>, duration: Duration) {
    let end = Instant::now() + duration;
    let mut changes = Changes::new();
    while Instant::now() < end {
        sleep(milliseconds(50..700)).await;
        mishap(world, &mut changes).await;
        if world.violation().is_some() {
            return;
        }
    }
}

async fn mishap(world: &Arc<World>, changes: &mut Changes) {
    let node = any_node();
    match random_below(16) {
        0 | 1 => world.crash_node(node),
        2 => NODES.into_iter().filter(|_| random_below(2) == 0).for_each(|node| world.crash_node(node)),
        3..=5 => restart_all(world).await,
        6 => {
            world.note(format!("node {node} is cut off"));
            for other in NODES.into_iter().filter(|other| *other != node) {
                world.wires.cut(node, other);
                world.wires.cut(other, node);
            }
        }
        7 => {
            let other = any_node();
            world.note(format!("nothing gets from node {node} to node {other}"));
            world.wires.cut(node, other);
        }
        8 => {
            world.note("all is mended");
            world.calm();
        }
        9 => {
            let faults = LinkFaults {
                delay_min: Duration::ZERO,
                delay_max: milliseconds(1..80),
                losses_per_mille: random_below(100),
            };
            world.note(format!("the network becomes {faults:?}"));
            world.wires.set_faults(faults);
        }
        10 => break_disk(world, node),
        11 => suspect(world).await,
        12 => {
            let other = any_node();
            world.note(format!("the connections between node {node} and node {other} break"));
            world.wires.reset(node, other);
        }
        13 | 14 => members::change(world, changes),
        _ => steer(world, node).await,
    }
}

async fn restart_all(world: &Arc<World>) {
    for node in NODES {
        let is_down = !world.running().contains_key(&node);
        if is_down && random_below(4) > 0 {
            world.disks[&node].set_faults(DiskFaults::default());
            world.start_node(node).await;
        }
    }
}

fn break_disk(world: &World, node: NodeId) {
    let mut faults = DiskFaults { latency_max: milliseconds(1..30), ..DiskFaults::default() };
    match random_below(4) {
        0 => faults.capacity_bytes = Some(random_below(400 << 10)),
        1 => faults.fail_syncs = true,
        _ => {}
    }
    world.note(format!("the disk of node {node} gets {faults:?}"));
    world.disks[&node].set_faults(faults);
}

/// Sometimes the primary is dead indeed, sometimes it is not.
async fn suspect(world: &World) {
    let primary = world.running().values().find_map(|running| running.consensus.status().leader);
    let Some(primary) = primary else { return };
    let next = NODES.into_iter().find(|node| *node != primary && world.running().contains_key(node));
    world.note(format!("node {primary} is said to be dead, {next:?} is next"));
    for running in world.running().into_values() {
        if random_below(4) > 0 {
            running.consensus.suspect_dead(primary, next).await;
        }
    }
}

async fn steer(world: &World, node: NodeId) {
    let Some(running) = world.running().remove(&node) else { return };
    match random_below(3) {
        0 => {
            let to = any_node();
            world.note(format!("node {node} is asked to hand over to node {to}"));
            drop(running.consensus.transfer_leadership(to).await);
        }
        1 => drop(running.consensus.trigger_snapshot().await),
        _ => running.consensus.set_rank(random_below(3) as u32),
    }
}
