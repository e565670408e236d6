//! A dead primary is replaced quickly, in promotion order.

use std::time::Duration;

use flotilla_consensus::sim::LinkFaults;
use flotilla_consensus::{ProposeError, Role};
use flotilla_model::NodeId;

use crate::harness::{Cluster, NODES, set, time, value, wait_until};

async fn survivors_elect(cluster: &Cluster, next: Option<NodeId>) -> Duration {
    let wait = wait_until("a survivor leads", || cluster.primary().is_some());
    for node in [2, 3] {
        cluster.node(node).suspect_dead(NodeId(1), next).await;
    }
    time(wait).await.1
}

#[tokio::test(start_paused = true)]
async fn evidence_of_death_makes_the_next_in_order_lead_at_once() {
    for next in [NodeId(2), NodeId(3)] {
        let mut cluster = Cluster::formed(|_| ()).await;
        cluster.node(1).propose(set("before", 1)).await.unwrap();
        cluster.crash(NodeId(1)).await;
        let waited = survivors_elect(&cluster, Some(next)).await;
        assert!(waited < Duration::from_millis(20), "{waited:?}");
        assert_eq!(cluster.primary(), Some(next));
        cluster.node(3).propose(set("after", 1)).await.unwrap();
        assert_eq!(value(cluster.node(3), "before").as_deref(), Some("1"));
    }
}

#[tokio::test(start_paused = true)]
async fn evidence_at_one_survivor_is_enough() {
    let mut cluster = Cluster::formed(|_| ()).await;
    cluster.crash(NodeId(1)).await;
    cluster.node(2).suspect_dead(NodeId(1), Some(NodeId(2))).await;
    let leads = || cluster.node(2).status().role == Role::Primary;
    let (_, waited) = time(wait_until("node 2 leads", leads)).await;
    assert!(waited < Duration::from_millis(20), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn when_the_next_one_is_dead_too_another_one_stands() {
    let mut cluster = Cluster::formed(|_| ()).await;
    cluster.crash(NodeId(1)).await;
    let waited = survivors_elect(&cluster, None).await;
    assert!(waited < Duration::from_millis(250), "{waited:?}");
    assert_eq!(cluster.primary(), Some(NodeId(2)), "lower rank first");
}

#[tokio::test(start_paused = true)]
async fn silence_alone_elects_in_promotion_order() {
    for (ranks, expected) in [([0, 1, 2], 2), ([0, 2, 1], 3)] {
        let mut cluster = Cluster::formed(|_| ()).await;
        for (node, rank) in NODES.into_iter().zip(ranks) {
            cluster.node(node.0).set_rank(rank);
        }
        // Time is paused, so this is a step, not a guess: some heartbeats after the forming, and then none.
        tokio::time::sleep(Duration::from_millis(300)).await;
        cluster.crash(NodeId(1)).await;
        let (_, waited) = time(wait_until("a survivor leads", || cluster.primary().is_some())).await;
        assert_eq!(cluster.primary(), Some(NodeId(expected)));
        assert!(waited > Duration::from_millis(350) && waited < Duration::from_millis(800), "{waited:?}");
    }
}

/// A heartbeat whose answer takes longer than the time to the next one counts all the same.
#[tokio::test(start_paused = true)]
async fn sites_far_apart_have_a_primary_that_takes_writes_and_elect_another() {
    let mut cluster = Cluster::formed(|_| ()).await;
    for (node, rank) in NODES.into_iter().zip(0..) {
        cluster.node(node.0).set_rank(rank);
    }
    let delay = Duration::from_millis(80);
    cluster.network.set_faults(LinkFaults { delay_min: delay, delay_max: delay, losses_per_mille: 0 });
    // What was on its way over the fast links is forgotten. Time is paused, as everywhere here.
    tokio::time::sleep(Duration::from_secs(5)).await;
    for number in 1..=20 {
        let (written, waited) = time(cluster.node(1).propose(set("far", number))).await;
        written.unwrap();
        assert!(waited < Duration::from_millis(500), "write {number} took {waited:?}");
    }
    assert_eq!(cluster.node(1).status().term, 1, "nobody else stood");
    cluster.crash(NodeId(1)).await;
    let (_, waited) = time(wait_until("a survivor leads", || cluster.primary().is_some())).await;
    assert!(waited < Duration::from_secs(3), "{waited:?}");
    cluster.node(3).propose(set("after", 1)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wrong_suspicion_loses_nothing() {
    let cluster = Cluster::formed(|_| ()).await;
    cluster.node(1).propose(set("before", 1)).await.unwrap();
    cluster.node(2).suspect_dead(NodeId(1), Some(NodeId(2))).await;
    wait_until("node 2 leads", || cluster.node(2).status().role == Role::Primary).await;
    cluster.node(1).propose(set("after", 2)).await.unwrap();
    cluster.wait_converged().await;
    assert_eq!(value(cluster.node(1), "before").as_deref(), Some("1"));
    // A suspicion of somebody who does not lead is nothing.
    cluster.node(3).suspect_dead(NodeId(1), Some(NodeId(3))).await;
    // An election would be over by then; time is paused.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(cluster.primary(), Some(NodeId(2)));
}

#[tokio::test(start_paused = true)]
async fn leadership_is_handed_over_on_request() {
    let cluster = Cluster::formed(|_| ()).await;
    cluster.node(1).transfer_leadership(NodeId(3)).await.unwrap();
    let leads = || cluster.node(3).status().role == Role::Primary;
    let (_, waited) = time(wait_until("node 3 leads", leads)).await;
    assert!(waited < Duration::from_millis(50), "{waited:?}");
    cluster.node(1).propose(set("after", 2)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cut_off_primary_acknowledges_nothing_and_comes_back_as_a_follower() {
    let cluster = Cluster::formed(|config| config.propose_timeout_ms = 1500).await;
    cluster.network.isolate(NodeId(1), NODES);
    let lost = cluster.node(1).propose(set("lost", 1));
    let (lost, elected) = tokio::join!(
        lost,
        wait_until("a new primary", || {
            [2, 3].into_iter().any(|node| cluster.node(node).status().role == Role::Primary)
        })
    );
    let () = elected;
    assert!(!lost.unwrap_err().is_safe_to_retry());
    cluster.node(2).propose(set("kept", 1)).await.unwrap();
    assert!(cluster.node(1).linearizable_view().await.is_err(), "an old primary answers no certain reads");
    cluster.network.heal();
    cluster.wait_converged().await;
    assert_eq!(cluster.node(1).status().role, Role::Secondary);
    assert_eq!(value(cluster.node(1), "kept").as_deref(), Some("1"));
    assert_eq!(value(cluster.node(1), "lost"), None);
}

#[tokio::test(start_paused = true)]
async fn what_was_forwarded_to_a_silent_primary_holds_up_nothing_once_another_one_leads() {
    let cluster = Cluster::formed(|_| ()).await;
    cluster.node(3).propose(set("before", 1)).await.unwrap();
    cluster.network.isolate(NodeId(1), NODES);
    // More than go to the primary at once; each again until it is in.
    let write = async |number: u64| {
        // One after the other, in paused time.
        tokio::time::sleep(Duration::from_millis(number * 5)).await;
        while let Err(error) = cluster.node(3).propose(set(&format!("p{number}"), number)).await {
            assert!(matches!(error, ProposeError::Unknown | ProposeError::NoPrimary), "{error}");
        }
    };
    let writes = futures::future::join_all((0..40).map(write));
    let ((_, read), waited) = time(async { tokio::join!(writes, cluster.node(3).linearizable_view()) }).await;
    assert!(waited < Duration::from_millis(1600), "{waited:?}");
    read.unwrap();
    assert_eq!(value(cluster.node(2), "p39").or(value(cluster.node(3), "p39")).as_deref(), Some("39"));
}
