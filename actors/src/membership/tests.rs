//! Cases of the core, and the shell that takes a cluster from one node to three.

use std::sync::Arc;
use std::time::Duration;

use flotilla_model::{Command, NodeId, SessionId};

use crate::membership::{Announcement, Effect, Membership, MembershipConfig, MembershipCore, MembershipPorts};
use crate::ports::{Now, RaftStatus, SystemClock};
use crate::supervision::Supervisor;
use crate::testing::{Cluster, FakeLinks, FakeLog, FakeRaft, Trouble, within};

fn config(node: u64) -> MembershipConfig {
    let announcement = Announcement {
        version: "1".to_owned(),
        mesh_address: format!("n{node}:44431"),
        admin_url: format!("https://n{node}:8444"),
        transfer_url: format!("https://n{node}:8443"),
    };
    MembershipConfig { node: NodeId(node), session: SessionId(node * 1000), announcement }
}

fn at(ms: u64) -> Now {
    Now { unix_ms: ms, monotonic_ms: ms }
}

/// Node 1 leads; `voters` and `learners` are up to date.
fn leading(voters: &[u64], learners: &[u64]) -> RaftStatus {
    let ids = |nodes: &[u64]| nodes.iter().copied().map(NodeId).collect::<Vec<_>>();
    RaftStatus {
        term: 1,
        primary: Some(NodeId(1)),
        is_primary: true,
        last_log_index: 5_000,
        voters: ids(voters),
        learners: ids(learners),
        replicated_index: voters.iter().chain(learners).map(|node| (NodeId(*node), 4_900)).collect(),
        ..RaftStatus::default()
    }
}

/// A core that has told mesh and Raft already.
fn told(cluster: &Cluster) -> MembershipCore {
    let mut core = MembershipCore::new(config(1));
    core.decide(&cluster.view, &RaftStatus::default(), at(0));
    core
}

#[test]
fn mesh_and_raft_are_told_once_of_each_list() {
    let mut cluster = Cluster::new(3);
    let mut core = MembershipCore::new(config(1));
    let follower = RaftStatus::default();
    let effects = core.decide(&cluster.view, &follower, at(0));
    let [Effect::SetPeers(peers), Effect::SetPromotionOrder(order)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(peers.iter().map(|peer| peer.node.0).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(*order, [1, 2, 3].map(NodeId));
    assert_eq!(core.decide(&cluster.view, &follower, at(1)), []);
    cluster.apply(Command::MoveMember { node: NodeId(3), position: 0 }).unwrap();
    let effects = core.decide(&cluster.view, &follower, at(2));
    assert_eq!(effects, [Effect::SetPromotionOrder([3, 1, 2].map(NodeId).into())]);
}

#[test]
fn a_joining_node_keeps_its_first_peers_while_it_knows_no_members() {
    let mut core = MembershipCore::new(config(1));
    assert_eq!(core.decide(&Cluster::default().view, &RaftStatus::default(), at(0)), []);
}

#[test]
fn a_process_that_the_log_does_not_know_is_announced() {
    let mut cluster = Cluster::new(2);
    let mut core = told(&cluster);
    assert!(core.status().announced);
    cluster.lose(1);
    let effects = core.decide(&cluster.view, &RaftStatus::default(), at(10));
    let [Effect::Announce(command)] = &effects[..] else { panic!("{effects:?}") };
    assert!(matches!(**command, Command::NodeStarted { node: NodeId(1), session: SessionId(1000), .. }));
    assert_eq!(core.decide(&cluster.view, &RaftStatus::default(), at(11)), [], "on its way");
    core.on_announced(Err("no quorum".to_owned()), at(20));
    assert_eq!(core.decide(&cluster.view, &RaftStatus::default(), at(1_019)), [], "a pause");
    assert_eq!(core.decide(&cluster.view, &RaftStatus::default(), at(1_020)).len(), 1);
}

#[test]
fn joined_members_follow_and_then_vote() {
    let cluster = Cluster::new(3);
    let mut core = told(&cluster);
    let effects = core.decide(&cluster.view, &leading(&[1], &[]), at(1));
    assert!(matches!(&effects[..], [Effect::AddLearner(peer)] if peer.node == NodeId(2)), "{effects:?}");
    assert_eq!(core.decide(&cluster.view, &leading(&[1], &[]), at(2)), [], "one change at a time");
    core.on_changed(Ok(()), at(3));
    let effects = core.decide(&cluster.view, &leading(&[1], &[2]), at(4));
    assert!(matches!(&effects[..], [Effect::AddLearner(peer)] if peer.node == NodeId(3)), "{effects:?}");
    core.on_changed(Ok(()), at(5));
    let effects = core.decide(&cluster.view, &leading(&[1], &[2, 3]), at(6));
    assert_eq!(effects, [Effect::ChangeVoters([1, 2, 3].map(NodeId).into())]);
    core.on_changed(Ok(()), at(7));
    assert_eq!(core.decide(&cluster.view, &leading(&[1, 2, 3], &[]), at(8)), []);
}

#[test]
fn a_learner_far_behind_or_not_running_does_not_vote() {
    let mut cluster = Cluster::new(2);
    let mut core = told(&cluster);
    let mut behind = leading(&[1], &[2]);
    behind.replicated_index.insert(NodeId(2), 3_000);
    assert_eq!(core.decide(&cluster.view, &behind, at(1)), []);
    cluster.lose(2);
    assert_eq!(core.decide(&cluster.view, &leading(&[1], &[2]), at(2)), []);
}

#[test]
fn removed_members_lose_their_vote_and_then_go() {
    let mut cluster = Cluster::new(3);
    let mut core = told(&cluster);
    cluster.apply(Command::RemoveMember { node: NodeId(3), now_ms: 1 }).unwrap();
    let effects = core.decide(&cluster.view, &leading(&[1, 2, 3], &[]), at(1));
    assert!(
        matches!(&effects[..], [
            Effect::SetPeers(_), Effect::SetBarred(barred), Effect::SetPromotionOrder(_), Effect::ChangeVoters(voters),
        ] if *barred == [NodeId(3)] && *voters == [1, 2].map(NodeId)),
        "{effects:?}"
    );
    core.on_changed(Ok(()), at(2));
    assert_eq!(core.decide(&cluster.view, &leading(&[1, 2], &[3]), at(3)), [Effect::RemoveNode(NodeId(3))]);
}

#[test]
fn a_removed_primary_hands_over() {
    let mut cluster = Cluster::new(3);
    let mut core = told(&cluster);
    cluster.apply(Command::RemoveMember { node: NodeId(1), now_ms: 1 }).unwrap();
    let effects = core.decide(&cluster.view, &leading(&[1, 2, 3], &[]), at(1));
    assert!(effects.contains(&Effect::TransferLeadership(NodeId(2))), "{effects:?}");
}

#[test]
fn who_is_about_to_leave_gives_up_lead_and_vote() {
    let mut cluster = Cluster::new(3);
    let mut core = told(&cluster);
    let leave = |node| Command::SetMemberLeaving { node: NodeId(node), is_leaving: true, now_ms: 1 };
    cluster.apply(leave(3)).unwrap();
    let effects = core.decide(&cluster.view, &leading(&[1, 2, 3], &[]), at(1));
    assert_eq!(effects, [Effect::ChangeVoters([1, 2].map(NodeId).into())]);
    core.on_changed(Ok(()), at(2));
    assert_eq!(core.decide(&cluster.view, &leading(&[1, 2], &[3]), at(3)), [], "it follows until it is removed");
    cluster.apply(Command::RemoveMember { node: NodeId(3), now_ms: 1 }).unwrap();
    core.decide(&cluster.view, &leading(&[1, 2], &[3]), at(4));
    core.on_changed(Ok(()), at(5));
    cluster.apply(leave(1)).unwrap();
    let effects = core.decide(&cluster.view, &leading(&[1, 2], &[]), at(6));
    assert_eq!(effects, [Effect::TransferLeadership(NodeId(2))]);
}

#[test]
fn a_secondary_and_a_changing_cluster_are_left_alone() {
    let cluster = Cluster::new(3);
    let mut core = told(&cluster);
    let secondary = RaftStatus { is_primary: false, ..leading(&[2], &[]) };
    assert_eq!(core.decide(&cluster.view, &secondary, at(1)), []);
    let changing = RaftStatus { is_changing: true, ..leading(&[1], &[]) };
    assert_eq!(core.decide(&cluster.view, &changing, at(2)), []);
}

#[test]
fn a_voter_gone_for_long_is_replaced_by_a_member_that_is_there() {
    let mut cluster = Cluster::new(4);
    let mut core = told(&cluster);
    cluster.lose(3);
    let raft = leading(&[1, 2, 3], &[4]);
    assert_eq!(core.decide(&cluster.view, &raft, at(59_000)), []);
    let effects = core.decide(&cluster.view, &raft, at(61_000));
    assert_eq!(effects, [Effect::ChangeVoters([1, 2, 4].map(NodeId).into())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shell_takes_a_cluster_from_one_node_to_three() {
    let supervisor = Supervisor::new(tokio::runtime::Handle::current());
    let mut cluster = Cluster::new(1);
    cluster.lose(1);
    let log = Arc::new(FakeLog::new(cluster));
    log.make_trouble(&[Trouble::Refused]);
    let raft = Arc::new(FakeRaft::new(leading(&[1], &[])));
    let links = Arc::new(FakeLinks::default());
    let clock = Arc::new(SystemClock::default());
    let ports = MembershipPorts { log: log.clone(), raft: raft.clone(), links: links.clone(), clock };
    let membership = Membership::start(&supervisor, ports, config(1)).unwrap();
    within(membership.status().wait_for(|status| status.announced)).await;
    for node in [2, 3] {
        log.change(|cluster| {
            cluster.admit(node);
            cluster.start(node, SessionId(node * 1000));
        });
    }
    within(raft.was_asked(&format!("voters {:?}", [1, 2, 3].map(NodeId)))).await;
    let status = within(membership.status().wait_for(|status| status.voters.len() == 3)).await;
    assert_eq!(status.servers, [1, 2, 3].map(NodeId));
    assert_eq!(links.peers.borrow().len(), 2);
    within(membership.stop(Duration::from_secs(10))).await.unwrap();
    within(supervisor.shutdown()).await.unwrap();
}
