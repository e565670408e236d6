//! The log stays bounded, and who is far behind catches up by a snapshot.

use std::time::Duration;

use flotilla_consensus::CHECKPOINT_INTERVAL;
use flotilla_model::NodeId;

use crate::harness::{Cluster, NODES, set, value, wait_until};

fn small_log(config: &mut flotilla_consensus::Config) {
    // The audit log makes this state larger than the log of it, so ten times as many entries are waited for.
    config.snapshot_entries = 20;
    config.snapshot_pause = Duration::ZERO;
    config.kept_entries = 10;
    config.snapshot_piece_bytes = 512;
}

async fn write(cluster: &Cluster, range: std::ops::Range<u64>) {
    for number in range {
        cluster.node(1).propose(set(&format!("p{}", number % 50), number)).await.unwrap().outcome.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_far_behind_catches_up_by_a_snapshot() {
    let mut cluster = Cluster::formed(small_log).await;
    cluster.crash(NodeId(3)).await;
    write(&cluster, 0..500).await;
    wait_until("the log is purged", || cluster.node(1).status().purged_index > Some(300)).await;
    let before = cluster.node(1).status();
    cluster.start(NodeId(3)).await;
    cluster.wait_converged().await;
    assert!(cluster.node(3).status().snapshot_index >= before.purged_index);
    assert_eq!(value(cluster.node(3), "p49").as_deref(), Some("499"));
    write(&cluster, 500..520).await;
    cluster.wait_converged().await;

    // And it starts again from what it was sent.
    cluster.crash(NodeId(3)).await;
    cluster.start(NodeId(3)).await;
    cluster.wait_converged().await;
}

#[tokio::test(start_paused = true)]
async fn the_log_is_bounded_and_all_comes_back_from_snapshot_and_log() {
    let mut cluster = Cluster::formed(small_log).await;
    write(&cluster, 0..600).await;
    cluster.wait_converged().await;
    for node in NODES {
        let files = flotilla_consensus::disk::Disk::list(cluster.disks[&node].as_ref()).unwrap();
        assert!(files.len() < 8, "{files:?}");
    }
    let digest = cluster.node(1).view().digest;
    for node in NODES {
        cluster.crash(node).await;
    }
    for node in NODES {
        cluster.start(node).await;
    }
    cluster.wait_primary().await;
    cluster.wait_converged().await;
    assert_eq!(cluster.node(2).view().digest, digest);
}

#[tokio::test(start_paused = true)]
async fn checkpoints_are_equal_on_all_nodes() {
    let cluster = Cluster::formed(|_| ()).await;
    write(&cluster, 0..CHECKPOINT_INTERVAL + 5).await;
    cluster.wait_converged().await;
    let checkpoints = cluster.node(1).checkpoints();
    assert!(checkpoints.len() >= 2, "{checkpoints:?}");
    assert_ne!(checkpoints[0].digest, checkpoints[1].digest);
    for node in [2, 3] {
        assert_eq!(cluster.node(node).checkpoints(), checkpoints);
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_on_request_is_made_while_writes_go_on() {
    let cluster = Cluster::formed(|_| ()).await;
    write(&cluster, 0..20).await;
    cluster.node(2).trigger_snapshot().await.unwrap();
    write(&cluster, 20..40).await;
    wait_until("node 2 has a snapshot", || cluster.node(2).status().snapshot_index.is_some()).await;
}
