//! Commands that are proposed together share log entries and syncs; a lone one goes out at once.

use std::time::Duration;

use flotilla_consensus::ProposeError;
use flotilla_consensus::sim::DiskFaults;
use flotilla_model::NodeId;

use crate::harness::{Cluster, NODES, set, time};

async fn propose_together(cluster: &Cluster, node: u64, count: u64) {
    let proposals: Vec<_> = (0..count)
        .map(|number| {
            let node = cluster.node(node).clone();
            tokio::spawn(async move { node.propose(set(&format!("p{number}"), number)).await })
        })
        .collect();
    for proposal in proposals {
        proposal.await.unwrap().unwrap().outcome.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn two_hundred_proposals_take_few_entries_and_few_syncs() {
    for node in [1, 2] {
        let cluster = Cluster::formed(|_| ()).await;
        let latency = DiskFaults { latency_max: Duration::from_millis(1), ..DiskFaults::default() };
        NODES.into_iter().for_each(|node| cluster.disks[&node].set_faults(latency.clone()));
        let entries = cluster.node(1).status().last_log_index.unwrap();
        let syncs = cluster.disks[&NodeId(1)].file_syncs();
        propose_together(&cluster, node, 200).await;
        let entries = cluster.node(1).status().last_log_index.unwrap() - entries;
        let syncs = cluster.disks[&NodeId(1)].file_syncs() - syncs;
        assert!(entries <= 20, "{entries} entries through node {node}");
        assert!(syncs <= 20, "{syncs} syncs through node {node}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lone_proposal_waits_for_nobody() {
    let cluster = Cluster::formed(|_| ()).await;
    for _ in 0..10 {
        // There and back to a follower, each 1 ms.
        let (applied, waited) = time(cluster.node(1).propose(set("lone", 1))).await;
        applied.unwrap();
        assert!(waited < Duration::from_millis(6), "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn many_commands_of_one_caller_are_applied_in_order_in_one_entry() {
    let cluster = Cluster::formed(|_| ()).await;
    let commands: Vec<_> = (0..100).map(|number| set("counter", number)).collect();
    let applied = cluster.node(2).propose_many(&commands).await.unwrap();
    assert_eq!(applied.len(), 100);
    assert!(applied.iter().all(|one| one.index == applied[0].index));
    let row = cluster.node(2).view().state.parameter("counter", None).unwrap().value.clone();
    assert_eq!(row, "99");
    assert_eq!(cluster.node(2).propose_many(&[]).await, Ok(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn what_no_entry_can_hold_is_refused() {
    let cluster = Cluster::formed(|_| ()).await;
    let commands: Vec<_> = (0..1025).map(|number| set("counter", number)).collect();
    let refused = cluster.node(1).propose_many(&commands).await;
    assert!(matches!(refused, Err(ProposeError::TooLarge { commands: 1025, .. })), "{refused:?}");
    let refused = cluster.node(1).propose(set(&"x".repeat(600 << 10), 1)).await;
    assert!(matches!(refused, Err(ProposeError::TooLarge { commands: 1, .. })), "{refused:?}");
}
