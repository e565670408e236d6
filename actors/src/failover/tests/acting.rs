//! The shell carries out what the core decides.

use std::sync::Arc;
use std::time::Duration;

use flotilla_model::{NodeId, SessionId};

use crate::failover::{Beats, Failover, FailoverConfig, FailoverPorts};
use crate::ports::{Fitness, FitnessSource, Heartbeat, LinkLevel, RaftStatus, SystemClock};
use crate::supervision::Supervisor;
use crate::testing::{Cluster, FakeLinks, FakeLog, FakeRaft, within};

struct AlwaysFit;
impl FitnessSource for AlwaysFit {
    fn fitness(&self) -> Fitness {
        Fitness::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_primary_is_suspected_and_the_new_one_declares_it_lost() {
    let supervisor = Supervisor::new(tokio::runtime::Handle::current());
    let clock = Arc::new(SystemClock::default());
    let raft = Arc::new(FakeRaft::new(RaftStatus {
        term: 5,
        primary: Some(NodeId(1)),
        voters: vec![NodeId(1), NodeId(2)],
        ..RaftStatus::default()
    }));
    let log = Arc::new(FakeLog::new(Cluster::new(2)));
    let links = Arc::new(FakeLinks::default());
    links.set_level(1, LinkLevel::Connected { since_ms: 0 });
    let ports = FailoverPorts {
        log: log.clone(),
        raft: raft.clone(),
        links: links.clone(),
        beats: Beats::new(clock.clone()),
        fitness: Arc::new(AlwaysFit),
        clock,
        parameters_index: Arc::default(),
    };
    let config = FailoverConfig { node: NodeId(2), session: SessionId(2000) };
    let failover = Failover::start(&supervisor, ports, config).unwrap();
    let beat = within(links.next_heartbeat()).await;
    assert_eq!((beat.node, beat.hears_primary), (NodeId(2), Some(NodeId(1))));

    links.set_level(1, LinkLevel::Gone { since_ms: 1 });
    within(raft.was_asked("suspect 1")).await;
    within(raft.was_asked("campaign")).await;
    raft.status.send_modify(|status| {
        status.term = 6;
        status.primary = Some(NodeId(2));
        status.is_primary = true;
    });
    within(log.wait_for(|view| view.state.members.get(&NodeId(1)).is_some_and(|member| !member.is_up()))).await;
    within(failover.stop(Duration::from_secs(10))).await.unwrap();
    within(supervisor.shutdown()).await.unwrap();
}

#[test]
fn a_heartbeat_that_speaks_for_another_is_dropped() {
    let beats = Beats::new(Arc::new(SystemClock::default()));
    let beat = Heartbeat {
        node: NodeId(3),
        session: SessionId(1),
        term: 1,
        hears_primary: None,
        last_log_index: 0,
        applied_index: 0,
        fitness: Fitness::default(),
        checkpoint: None,
        parameters_index: 0,
        majority_round_trip_us: None,
    };
    beats.put(NodeId(2), beat.clone());
    assert!(beats.latest().is_empty());
    beats.put(NodeId(3), beat);
    assert_eq!(beats.latest().len(), 1);
}
