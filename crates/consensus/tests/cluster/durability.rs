//! What was acknowledged survives.

use std::time::Duration;

use flotilla_consensus::sim::DiskFaults;
use flotilla_consensus::{ProposeError, Role};
use flotilla_model::NodeId;

use crate::harness::{Cluster, NODES, set, time, value, wait_until};

#[tokio::test(start_paused = true)]
async fn every_node_takes_proposals_and_sees_its_own() {
    let cluster = Cluster::formed(|_| ()).await;
    for node in NODES {
        let name = format!("from-{node}");
        let applied = cluster.node(node.0).propose(set(&name, 7)).await.unwrap();
        assert!(applied.outcome.is_ok());
        let view = cluster.node(node.0).view();
        assert!(view.index >= applied.index, "node {node} does not see what it has proposed");
        assert_eq!(value(cluster.node(node.0), &name).as_deref(), Some("7"));
        let certain = cluster.node(node.0).linearizable_view().await.unwrap();
        assert!(certain.index >= applied.index);
    }
    cluster.wait_converged().await;
    assert_eq!(cluster.primary(), Some(NodeId(1)));
}

#[tokio::test(start_paused = true)]
async fn all_nodes_killed_at_once_come_back_with_everything() {
    let mut cluster = Cluster::formed(|_| ()).await;
    for number in 0..300 {
        let node = cluster.node(1 + number % 3);
        node.propose(set(&format!("p{number}"), number)).await.unwrap().outcome.unwrap();
    }
    for node in NODES {
        cluster.crash(node).await;
    }
    for node in NODES {
        cluster.start(node).await;
    }
    cluster.wait_primary().await;
    cluster.wait_converged().await;
    for number in 0..300 {
        assert_eq!(value(cluster.node(1), &format!("p{number}")), Some(number.to_string()));
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_majority_nothing_is_acknowledged_and_the_answer_says_so() {
    let mut cluster = Cluster::formed(|config| config.propose_timeout_ms = 2000).await;
    cluster.crash(NodeId(2)).await;
    cluster.crash(NodeId(3)).await;
    let error = cluster.node(1).propose(set("lonely", 1)).await.unwrap_err();
    assert_eq!(error, ProposeError::Unknown, "it is in the log of one node and may come through later");
    assert!(!error.is_safe_to_retry());
    // That took longer than the lease of node 1, which takes nothing more without one.
    let (later, waited) = time(cluster.node(1).propose(set("lonely", 2))).await;
    assert_eq!(later, Err(ProposeError::NoPrimary), "now it is not even appended");
    assert!(later.unwrap_err().is_safe_to_retry());
    assert!(waited < Duration::from_millis(2100), "{waited:?}");
    assert!(cluster.node(1).linearizable_view().await.is_err());
    assert_eq!(value(cluster.node(1), "lonely"), None);

    cluster.start(NodeId(2)).await;
    cluster.wait_primary().await;
    cluster.node(2).propose(set("together", 3)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_primary_with_a_full_disk_gives_way() {
    let cluster = Cluster::formed(|_| ()).await;
    let full = DiskFaults { capacity_bytes: Some(1), ..DiskFaults::default() };
    cluster.disks[&NodeId(1)].set_faults(full);
    let mut number = 0;
    while cluster.node(1).status().fatal_error.is_none() {
        number += 1;
        drop(cluster.node(2).propose(set(&format!("p{number}"), number)).await);
    }
    let failure = cluster.node(1).status().fatal_error.unwrap();
    assert!(failure.contains("cannot be written"), "{failure}");
    assert_eq!(cluster.node(1).status().role, Role::Stopped);
    assert_eq!(cluster.node(1).propose(set("x", 1)).await, Err(ProposeError::Shutdown));
    wait_until("another node leads", || cluster.node(2).status().role == Role::Primary).await;
    cluster.node(3).propose(set("after", 1)).await.unwrap().outcome.unwrap();
}

#[tokio::test(start_paused = true)]
async fn shutdown_answers_everybody() {
    let cluster = Cluster::formed(|_| ()).await;
    let node = cluster.node(2).clone();
    let proposals: Vec<_> = (0..50)
        .map(|number| {
            let node = node.clone();
            tokio::spawn(async move { node.propose(set("p", number)).await })
        })
        .collect();
    tokio::task::yield_now().await;
    node.shutdown().await;
    for proposal in proposals {
        let answer = proposal.await.unwrap();
        let expected = [Err(ProposeError::Shutdown), Err(ProposeError::Unknown)];
        assert!(answer.is_ok() || expected.contains(&answer), "{answer:?}");
    }
    assert_eq!(node.propose(set("late", 1)).await, Err(ProposeError::Shutdown));
}
