//! Members come and go while the cluster works.

use std::collections::BTreeSet;

use flotilla_consensus::{MembershipError, Role};
use flotilla_model::NodeId;

use crate::harness::{Cluster, NODES, address, set, wait_until};

#[tokio::test(start_paused = true)]
async fn a_learner_follows_votes_and_leaves() {
    let mut cluster = Cluster::begin(|_| ()).await;
    for node in NODES {
        cluster.start(node).await;
    }
    let first = cluster.node(1).clone();
    assert!(!first.is_initialized().await.unwrap());
    first.initialize(address(NodeId(1))).await.unwrap();
    assert_eq!(first.initialize(address(NodeId(1))).await, Err(MembershipError::AlreadyInitialized));
    wait_until("node 1 leads", || first.status().role == Role::Primary).await;

    let both = BTreeSet::from([NodeId(1), NodeId(2)]);
    assert_eq!(first.change_voters(&both).await, Err(MembershipError::NotALearner(NodeId(2))));
    first.add_learner(NodeId(2), address(NodeId(2))).await.unwrap();
    wait_until("node 2 follows", || cluster.node(2).status().leader == Some(NodeId(1))).await;
    assert_eq!(cluster.node(2).status().role, Role::Learner);
    let refused = cluster.node(2).add_learner(NodeId(3), address(NodeId(3))).await;
    assert_eq!(refused, Err(MembershipError::NotPrimary { primary: Some(NodeId(1)) }));
    first.change_voters(&both).await.unwrap();
    cluster.node(2).propose(set("p", 1)).await.unwrap();
    assert_eq!(first.status().voters.len(), 2);
    assert_eq!(first.status().voters[&NodeId(2)], address(NodeId(2)));

    let moved = flotilla_consensus::PeerAddress { name: "moved".to_owned(), address: "elsewhere:1".to_owned() };
    first.set_address(NodeId(2), moved.clone()).await.unwrap();
    wait_until("node 2 knows", || cluster.node(2).status().voters.get(&NodeId(2)) == Some(&moved)).await;
    assert_eq!(first.change_voters(&BTreeSet::new()).await, Err(MembershipError::Empty));

    first.remove(NodeId(2)).await.unwrap();
    assert!(!first.status().voters.contains_key(&NodeId(2)) && first.status().learners.is_empty());
    first.propose(set("alone again", 1)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lone_voter_does_not_wait_for_a_successor_that_cannot_lead() {
    let mut cluster = Cluster::begin(|_| ()).await;
    for node in NODES {
        cluster.start(node).await;
    }
    let first = cluster.node(1).clone();
    first.initialize(address(NodeId(1))).await.unwrap();
    wait_until("node 1 leads", || first.status().role == Role::Primary).await;
    first.add_learner(NodeId(2), address(NodeId(2))).await.unwrap();
    for node in [2, 3].map(NodeId) {
        assert_eq!(first.transfer_leadership(node).await, Err(MembershipError::NotAVoter(node)));
    }
    first.propose(set("it still leads", 1)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_is_removed_gives_way() {
    let cluster = Cluster::formed(|_| ()).await;
    cluster.node(1).remove(NodeId(1)).await.unwrap();
    wait_until("another node leads", || {
        [2, 3].into_iter().any(|node| cluster.node(node).status().role == Role::Primary)
    })
    .await;
    cluster.node(2).propose(set("p", 1)).await.unwrap();
    assert_eq!(cluster.node(2).status().voters.len(), 2);
}
