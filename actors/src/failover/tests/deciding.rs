//! Cases of the pure core. Node 2 looks at nodes 1 and 3.

use std::collections::BTreeMap;

use flotilla_model::{NodeId, SessionId};

use crate::failover::{Effect, FailoverConfig, FailoverCore, Health, Observed, Patience};
use crate::ports::{Fitness, Heartbeat, LinkLevel, LinkView, RaftStatus};
use crate::testing::Cluster;

const TIMEOUT_MS: u64 = 1_000;
const CONNECTED: LinkLevel = LinkLevel::Connected { since_ms: 0 };
const GONE: LinkLevel = LinkLevel::Gone { since_ms: 0 };
const SILENT: LinkLevel = LinkLevel::Silent { since_ms: 0 };

struct Scene {
    own: u64,
    core: FailoverCore,
    cluster: Cluster,
    raft: RaftStatus,
    links: BTreeMap<u64, LinkLevel>,
    beats: BTreeMap<NodeId, (Heartbeat, u64)>,
    fitness: Fitness,
    fails_back: bool,
    /// Of the links of this node.
    round_trip_us: Option<u64>,
}

impl Scene {
    /// Three members in order 1, 2, 3; `primary` leads term 5; everyone hears everyone.
    fn new(own: u64, primary: u64) -> Self {
        let config = FailoverConfig { node: NodeId(own), session: SessionId(own * 1000) };
        let raft = RaftStatus {
            term: 5,
            primary: Some(NodeId(primary)),
            is_primary: own == primary,
            last_log_index: 100,
            voters: [1, 2, 3].map(NodeId).into(),
            ..RaftStatus::default()
        };
        let others: Vec<u64> = (1..=3).filter(|node| *node != own).collect();
        let mut scene = Self {
            own,
            core: FailoverCore::new(config),
            cluster: Cluster::new(3),
            raft,
            links: others.iter().map(|node| (*node, CONNECTED)).collect(),
            beats: BTreeMap::new(),
            fitness: Fitness::default(),
            fails_back: false,
            round_trip_us: None,
        };
        for node in others {
            scene.beat(node, 100, Some(primary), 0);
        }
        assert_eq!(scene.at(0), []);
        scene
    }

    fn beat(&mut self, node: u64, last_log_index: u64, hears_primary: Option<u64>, at_ms: u64) {
        let beat = Heartbeat {
            node: NodeId(node),
            session: SessionId(node * 1000),
            term: 5,
            hears_primary: hears_primary.map(NodeId),
            last_log_index,
            applied_index: last_log_index,
            fitness: Fitness::default(),
            checkpoint: None,
            parameters_index: 0,
            majority_round_trip_us: None,
        };
        self.beats.insert(NodeId(node), (beat, at_ms));
    }

    fn at(&mut self, now_ms: u64) -> Vec<Effect> {
        let link = |(node, level): (&u64, &LinkLevel)| LinkView {
            node: NodeId(*node),
            level: *level,
            round_trip_us: self.round_trip_us,
            connects: 1,
            last_error: None,
        };
        let links: Vec<_> = self.links.iter().map(link).collect();
        let observed = Observed {
            links: &links,
            beats: &self.beats,
            raft: &self.raft,
            state: self.cluster.state(),
            fitness: self.fitness,
            parameters_index: 0,
        };
        let patience = Patience { connection_timeout_ms: TIMEOUT_MS, fails_back: self.fails_back };
        self.core.decide(&observed, patience, now_ms)
    }

    /// Ticks each 100 ms up to `until_ms`, and returns what was decided on the way with the time.
    fn run(&mut self, from_ms: u64, until_ms: u64) -> Vec<(u64, Effect)> {
        let ticks = (from_ms..=until_ms).step_by(100);
        ticks.flat_map(|now_ms| self.at(now_ms).into_iter().map(move |effect| (now_ms, effect))).collect()
    }
}

fn suspect(primary: u64, next: u64) -> Effect {
    Effect::SuspectDead { primary: NodeId(primary), next: Some(NodeId(next)) }
}

fn lost(node: u64, reason: &'static str) -> Effect {
    Effect::ProposeLost { node: NodeId(node), session: SessionId(node * 1000), reason }
}

#[test]
fn the_next_in_order_stands_at_once_when_the_primary_is_gone() {
    let mut scene = Scene::new(2, 1);
    scene.links.insert(1, GONE);
    assert_eq!(scene.at(10), [suspect(1, 2), Effect::Campaign]);
    assert_eq!(scene.at(20), [], "not again at once");
    assert_eq!(scene.at(1_010).len(), 2, "again if nothing came of it");
}

#[test]
fn a_later_one_leaves_it_to_the_next() {
    let mut scene = Scene::new(3, 1);
    scene.links.insert(1, GONE);
    assert_eq!(scene.at(10), [suspect(1, 2)]);
}

#[test]
fn a_later_one_stands_when_the_next_is_dead_too_or_far_behind() {
    let mut dead = Scene::new(3, 1);
    dead.links.extend([(1, GONE), (2, GONE)]);
    assert_eq!(dead.at(10), [suspect(1, 3), Effect::Campaign]);

    let mut behind = Scene::new(3, 1);
    behind.raft.last_log_index = 50_000;
    behind.links.insert(1, GONE);
    assert_eq!(behind.at(10), [suspect(1, 3), Effect::Campaign]);
}

#[test]
fn a_primary_that_was_started_again_is_not_the_process_that_is_gone() {
    let mut scene = Scene::new(3, 2);
    // What it was: gone, and dialled again after a while only.
    scene.links.insert(2, GONE);
    let mut started = scene.beats[&NodeId(2)].0.clone();
    started.session = SessionId(2001);
    scene.beats.insert(NodeId(2), (started, 500));
    assert_eq!(scene.run(500, 1_400), [], "its heartbeats come in");
    // Then they end, and what is known of its link still holds.
    assert_eq!(scene.at(1_500), [suspect(2, 1)]);

    // A late word of the process that is gone changes nothing.
    let mut scene = Scene::new(3, 2);
    scene.links.insert(2, GONE);
    scene.beat(2, 100, Some(2), 10);
    assert_eq!(scene.at(10), [suspect(2, 1)]);
}

#[test]
fn silence_counts_after_the_timeout() {
    let mut scene = Scene::new(2, 1);
    scene.links.insert(1, SILENT);
    scene.beat(3, 100, None, 150);
    let decided = scene.run(100, 1_200);
    assert_eq!(decided, [(1_100, suspect(1, 2)), (1_100, Effect::Campaign)]);
}

#[test]
fn a_primary_that_others_hear_is_not_replaced_for_silence() {
    let mut scene = Scene::new(2, 1);
    scene.links.insert(1, SILENT);
    scene.at(100);
    scene.beat(3, 100, Some(1), 150);
    assert_eq!(scene.run(200, 3_000), [], "only our own link is down");
    scene.beat(3, 100, None, 3_050);
    assert_eq!(scene.at(3_100), [suspect(1, 2), Effect::Campaign]);
}

#[test]
fn word_from_before_the_silence_does_not_count() {
    let mut scene = Scene::new(2, 1);
    scene.beat(3, 100, Some(1), 50);
    scene.links.insert(1, SILENT);
    assert_eq!(scene.run(100, 1_100).len(), 2);
}

#[test]
fn a_node_that_was_paused_trusts_nothing_old() {
    let mut scene = Scene::new(2, 1);
    scene.at(100);
    scene.links.extend([(1, GONE), (3, SILENT)]);
    assert_eq!(scene.at(60_000), [], "the clock jumped");
    assert_eq!(scene.run(60_100, 60_400), [], "the mesh is finding out how things stand");
    scene.links.insert(1, CONNECTED);
    assert_eq!(scene.run(60_500, 65_000), []);
    let status = scene.core.status();
    assert_eq!((status.pauses, status.last_pause_ms), (1, 59_900));
}

#[test]
fn a_paused_primary_declares_nobody_lost() {
    let mut scene = Scene::new(1, 1);
    scene.at(100);
    scene.links.extend([(2, SILENT), (3, GONE)]);
    assert_eq!(scene.at(60_000), []);
    assert_eq!(scene.run(60_100, 60_400), []);
    scene.links.extend([(2, CONNECTED), (3, CONNECTED)]);
    assert_eq!(scene.run(60_500, 70_000), []);
}

#[test]
fn evidence_that_lasts_after_a_pause_counts() {
    let mut scene = Scene::new(2, 1);
    scene.at(100);
    scene.links.insert(1, GONE);
    assert_eq!(scene.run(60_000, 60_400), []);
    assert_eq!(scene.run(60_500, 60_600), [(60_500, suspect(1, 2)), (60_500, Effect::Campaign)]);
}

#[test]
fn the_primary_declares_dead_nodes_lost() {
    let mut scene = Scene::new(1, 1);
    scene.links.extend([(2, GONE), (3, SILENT)]);
    let decided = scene.run(100, 1_900);
    let expected = [
        (100, lost(2, "its process is gone")),
        (1_100, lost(2, "its process is gone")),
        (1_100, lost(3, "it was silent for the connection timeout")),
    ];
    assert_eq!(decided, expected, "repeated each second until it is in the log");
    scene.cluster.lose(2);
    scene.cluster.lose(3);
    assert_eq!(scene.run(2_000, 4_000), []);
}

#[test]
fn a_secondary_declares_nobody_lost() {
    let mut scene = Scene::new(2, 1);
    scene.links.insert(3, GONE);
    assert_eq!(scene.run(100, 3_000), []);
    assert_eq!(scene.core.status().peers[1].health, Health::Gone);
}

#[test]
fn an_unfit_primary_hands_over_to_the_first_fit_node() {
    let mut scene = Scene::new(1, 1);
    scene.fitness.disk_stalled_ms = 2 * TIMEOUT_MS;
    let reason = "this node cannot do a primary's duty";
    assert_eq!(scene.at(100), [Effect::TransferLeadership { to: NodeId(2), reason }]);
    assert_eq!(scene.run(200, 5_000), []);
    assert_eq!(scene.run(5_100, 5_200).len(), 1, "again after a while");
    assert!(!scene.core.status().fit);

    let mut nobody = Scene::new(1, 1);
    nobody.fitness.draining = true;
    nobody.links.extend([(2, SILENT), (3, SILENT)]);
    nobody.cluster.lose(2);
    nobody.cluster.lose(3);
    assert_eq!(nobody.run(100, 3_000), [], "nobody is there to take it");
}

#[test]
fn a_primary_whose_workers_hang_or_whom_most_do_not_hear_hands_over() {
    let reason = "this node cannot do a primary's duty";
    let mut hung = Scene::new(1, 1);
    hung.fitness.work_stalled_ms = 10 * TIMEOUT_MS - 1;
    assert_eq!(hung.at(100), []);
    hung.fitness.work_stalled_ms = 10 * TIMEOUT_MS;
    assert_eq!(hung.at(200), [Effect::TransferLeadership { to: NodeId(2), reason }]);

    let mut unheard = Scene::new(1, 1);
    let mut handed_over = Vec::new();
    for now_ms in (100..=2_300).step_by(100) {
        // One that is deaf may be so by its own fault; two are not.
        unheard.beat(2, 100, (now_ms < 300).then_some(1), now_ms);
        unheard.beat(3, 100, None, now_ms);
        handed_over.extend(unheard.at(now_ms).into_iter().map(|effect| (now_ms, effect)));
    }
    assert_eq!(handed_over, [(2_300, Effect::TransferLeadership { to: NodeId(2), reason })]);
}

#[test]
fn a_primary_with_slow_links_gives_way_to_one_that_is_near_and_gets_the_lead_back_when_they_are_well() {
    let near = |scene: &mut Scene, node: u64| {
        let (beat, _) = scene.beats.get_mut(&NodeId(node)).unwrap();
        beat.majority_round_trip_us = Some(2_000);
    };
    let mut slow = Scene::new(1, 1);
    slow.round_trip_us = Some(300_000);
    assert_eq!(slow.run(100, 20_000), [], "nobody is known to be nearer");
    near(&mut slow, 3);
    let reason = "another node is much nearer to the others";
    let decided = [(30_100, Effect::TransferLeadership { to: NodeId(3), reason })];
    assert_eq!(slow.run(20_100, 31_000), decided);

    let mut new = Scene::new(3, 3);
    new.fails_back = true;
    new.round_trip_us = Some(2_000);
    for node in [1, 2] {
        new.beats.get_mut(&NodeId(node)).unwrap().0.majority_round_trip_us = Some(300_000);
    }
    assert_eq!(new.run(100, 20_000), [], "it would come back here");
    near(&mut new, 1);
    assert_eq!(new.run(20_100, 31_000).len(), 1);
}

#[test]
fn an_unfit_secondary_hands_nothing_over() {
    let mut scene = Scene::new(2, 1);
    scene.fitness.draining = true;
    assert_eq!(scene.run(100, 3_000), []);
}

#[test]
fn the_lead_goes_back_only_by_policy_and_when_steady() {
    let mut scene = Scene::new(2, 2);
    assert_eq!(scene.run(100, 20_000), [], "manual");
    scene.fails_back = true;
    let decided = scene.run(20_100, 31_000);
    let reason = "a node earlier in the servers list has caught up";
    assert_eq!(decided, [(30_100, Effect::TransferLeadership { to: NodeId(1), reason })]);
}

#[test]
fn heartbeats_say_whether_the_primary_is_heard() {
    let mut scene = Scene::new(2, 1);
    let hears = |scene: &Scene| {
        let observed = Observed {
            links: &[],
            beats: &scene.beats,
            raft: &scene.raft,
            state: scene.cluster.state(),
            fitness: scene.fitness,
            parameters_index: 7,
        };
        let beat = scene.core.heartbeat(&observed);
        assert_eq!((beat.node, beat.parameters_index), (NodeId(scene.own), 7));
        beat.hears_primary
    };
    assert_eq!(hears(&scene), Some(NodeId(1)));
    scene.links.insert(1, SILENT);
    scene.at(100);
    assert_eq!(hears(&scene), None);
}
