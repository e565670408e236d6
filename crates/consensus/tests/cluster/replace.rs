//! A node whose state has come to differ is found and mended, while the cluster works.

use std::collections::BTreeMap;
use std::time::Duration;

use flotilla_consensus::Consensus;
use flotilla_model::NodeId;

use crate::harness::{Cluster, set, value, wait_until};

async fn write(cluster: &Cluster, range: std::ops::Range<u64>) {
    for number in range {
        cluster.node(1).propose(set(&format!("p{}", number % 50), number)).await.unwrap().outcome.unwrap();
    }
}

/// Whether two nodes agree at the latest index that both have a digest of.
fn agree(first: &Consensus, second: &Consensus) -> bool {
    let digests = |node: &Consensus| -> BTreeMap<u64, u64> {
        node.recent_digests().into_iter().map(|one| (one.index, one.digest)).collect()
    };
    let (first, second) = (digests(first), digests(second));
    let (_, pair) = first.iter().rev().find_map(|(at, one)| Some((at, (one, second.get(at)?)))).unwrap();
    pair.0 == pair.1
}

/// Node 3 gets a state that nobody else has.
async fn damage(cluster: &Cluster) {
    let view = cluster.node(3).view();
    let mut state = view.state.clone();
    state.apply(&set("damage", 1)).unwrap();
    cluster.node(3).replace_state(view.index, state).await.unwrap();
    // More than the last entries, so that all recent digests are of the damaged state.
    write(cluster, 0..40).await;
    cluster_caught_up(cluster).await;
}

async fn cluster_caught_up(cluster: &Cluster) {
    wait_until("node 3 has caught up", || cluster.node(3).view().index == cluster.node(1).view().index).await;
}

#[tokio::test(start_paused = true)]
async fn a_damaged_state_is_found_and_mended_under_load() {
    let mut cluster = Cluster::formed(|_| {}).await;
    write(&cluster, 0..100).await;
    cluster.wait_converged().await;
    assert!(agree(cluster.node(1), cluster.node(3)));
    damage(&cluster).await;
    assert!(!agree(cluster.node(1), cluster.node(3)));
    assert!(agree(cluster.node(1), cluster.node(2)));
    assert_eq!(value(cluster.node(3), "damage").as_deref(), Some("1"));

    // The other's state is older by the time it arrives: the log behind it is applied to it.
    let good = cluster.node(1).view();
    write(&cluster, 100..150).await;
    let (mended, ()) =
        tokio::join!(cluster.node(3).replace_state(good.index, good.state.clone()), write(&cluster, 150..200));
    let at = mended.unwrap();
    assert!(at > good.index);
    cluster.wait_converged().await;
    assert!(agree(cluster.node(1), cluster.node(3)));
    assert_eq!(cluster.node(1).view().digest, cluster.node(3).view().digest);

    // And what it starts again from is mended too.
    wait_until("a snapshot is made", || cluster.node(3).status().snapshot_index >= Some(at)).await;
    cluster.crash(NodeId(3)).await;
    cluster.start(NodeId(3)).await;
    cluster.wait_converged().await;
    assert_eq!(value(cluster.node(3), "damage"), None);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_stands_still_is_mended_at_once() {
    let cluster = Cluster::formed(|_| {}).await;
    damage(&cluster).await;
    let (good, last) = (cluster.node(1).view(), cluster.node(3).status().last_log_index);
    let at = cluster.node(3).replace_state(good.index, good.state.clone()).await.unwrap();
    // Nothing was written for it, and nobody had to.
    assert_eq!((at, cluster.node(3).status().last_log_index), (good.index, last));
    assert_eq!(value(cluster.node(3), "damage"), None);
    assert_eq!(cluster.node(3).view().digest, good.digest);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_is_too_old_or_too_new_is_refused() {
    let cluster = Cluster::formed(|config| {
        config.snapshot_entries = 100;
        config.snapshot_pause = Duration::ZERO;
        config.kept_entries = 10;
    })
    .await;
    let old = cluster.node(3).view();
    write(&cluster, 0..500).await;
    wait_until("the log is purged", || cluster.node(3).status().purged_index > Some(old.index)).await;
    let refused = cluster.node(3).replace_state(old.index, old.state.clone()).await;
    assert!(refused.unwrap_err().to_string().contains("purged"));
    cluster.wait_converged().await;

    cluster.network.isolate(NodeId(3), [NodeId(1), NodeId(2)]);
    write(&cluster, 500..520).await;
    let new = cluster.node(1).view();
    let refused = cluster.node(3).replace_state(new.index, new.state.clone()).await;
    assert!(refused.unwrap_err().to_string().contains("no primary"));
}
