//! Cases of the core, and the shell with components that refuse.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use flotilla_config::parameters::CATALOGUE;
use flotilla_model::{Command, NodeId, SessionId};
use parking_lot::Mutex;

use crate::config_sync::{ConfigSync, ConfigSyncPorts, SyncCore};
use crate::failover::Beats;
use crate::ports::{Checkpoint, Fitness, Heartbeat, ParameterSink, RaftStatus, SystemClock};
use crate::supervision::Supervisor;
use crate::testing::{Cluster, FakeLog, FakeRaft, within};

const THREADS: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads";

/// Everything that is pending, taken.
fn settle(core: &mut SyncCore, cluster: &Cluster) -> BTreeMap<&'static str, String> {
    let mut applied = BTreeMap::new();
    while let Some(apply) = core.decide(&cluster.view, 0) {
        applied.insert(apply.name, apply.value);
        core.on_applied(Ok(()), 0);
    }
    applied
}

#[test]
fn all_parameters_are_put_into_effect_at_start_and_then_changes_only() {
    let mut cluster = Cluster::new(1);
    let mut core = SyncCore::new(NodeId(1));
    cluster.set(THREADS, Some("100"));
    let applied = settle(&mut core, &cluster);
    assert_eq!(applied.len(), CATALOGUE.len());
    assert_eq!(applied[THREADS], "100");
    assert_eq!(core.parameters_index(), cluster.view.index);

    cluster.set(THREADS, Some("200"));
    let before = core.parameters_index();
    let apply = core.decide(&cluster.view, 0).unwrap();
    assert_eq!((apply.name, apply.value.as_str()), (THREADS, "200"));
    assert_eq!(core.parameters_index(), before, "not in effect yet");
    core.on_applied(Ok(()), 0);
    assert_eq!(core.decide(&cluster.view, 0), None);
    assert_eq!(core.parameters_index(), cluster.view.index);

    cluster.set(THREADS, None);
    assert_eq!(settle(&mut core, &cluster), BTreeMap::from([(THREADS, "4".to_owned())]), "back to the default");
    cluster.set(THREADS, Some("a word of a newer version"));
    assert_eq!(settle(&mut core, &cluster), BTreeMap::new());
}

#[test]
fn a_refused_parameter_is_tried_again_and_holds_up_no_other() {
    let mut cluster = Cluster::new(1);
    let mut core = SyncCore::new(NodeId(1));
    settle(&mut core, &cluster);
    cluster.set(THREADS, Some("100"));
    core.decide(&cluster.view, 0).unwrap();
    core.on_applied(Err("not now".to_owned()), 0);
    assert_eq!(core.pending(), [THREADS]);
    assert_eq!(core.failures()[THREADS], "not now");
    cluster.set("Files.replicas", Some("3"));
    assert_eq!(core.decide(&cluster.view, 10).unwrap().name, "Files.replicas");
    core.on_applied(Ok(()), 10);
    assert_eq!(core.decide(&cluster.view, 999), None);
    assert!(core.parameters_index() < cluster.view.index);
    assert!(core.decide(&cluster.view, 1_000).is_some());
    core.on_applied(Err("not now".to_owned()), 1_000);
    assert_eq!(core.decide(&cluster.view, 2_999), None, "the pause doubles");
    cluster.set(THREADS, Some("101"));
    assert_eq!(core.decide(&cluster.view, 2_999).unwrap().value, "101", "another value is tried at once");
    core.on_applied(Ok(()), 2_999);
    assert_eq!(core.decide(&cluster.view, 2_999), None);
    assert_eq!(core.parameters_index(), cluster.view.index);
    assert!(core.failures().is_empty());
}

#[test]
fn the_value_before_a_refused_one_is_put_into_effect_again() {
    let mut cluster = Cluster::new(1);
    let mut core = SyncCore::new(NodeId(1));
    settle(&mut core, &cluster);
    cluster.set(THREADS, Some("100"));
    core.decide(&cluster.view, 0).unwrap();
    core.on_applied(Err("half of it".to_owned()), 0);
    cluster.set(THREADS, Some("4"));
    assert_eq!(core.decide(&cluster.view, 1).map(|apply| apply.value).as_deref(), Some("4"));
    assert!(core.failures().is_empty(), "nobody wants the refused value any more");
    core.on_applied(Ok(()), 1);
    assert!(core.pending().is_empty());
}

#[test]
fn an_empty_view_is_no_reason_to_apply_defaults() {
    let mut core = SyncCore::new(NodeId(1));
    assert_eq!(core.decide(&Cluster::default().view, 0), None);
    assert_eq!(core.parameters_index(), 0);
}

#[test]
fn a_value_for_this_node_wins_and_one_for_another_is_ignored() {
    let mut cluster = Cluster::new(2);
    let mut core = SyncCore::new(NodeId(1));
    settle(&mut core, &cluster);
    let mut set_at = |node: u64, value: Option<&str>| {
        let set = Command::SetParameter {
            name: THREADS.to_owned(),
            node: Some(NodeId(node)),
            value: value.map(str::to_owned),
            expected_version: None,
            changed_by: "test".to_owned(),
            now_ms: 1,
        };
        cluster.apply(set).unwrap();
        settle(&mut core, &cluster).into_values().collect::<Vec<_>>()
    };
    assert_eq!(set_at(2, Some("50")), Vec::<String>::new());
    assert_eq!(set_at(1, Some("60")), ["60"]);
    assert_eq!(set_at(1, None), ["4"]);
}

#[derive(Default)]
struct FakeSink(Mutex<BTreeMap<String, String>>);

#[async_trait]
impl ParameterSink for FakeSink {
    async fn apply(&self, name: &str, value: &str) -> Result<(), String> {
        if value == "13" {
            return Err("thirteen is refused".to_owned());
        }
        self.0.lock().insert(name.to_owned(), value.to_owned());
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shell_applies_changes_and_reports_drift() {
    let supervisor = Supervisor::new(tokio::runtime::Handle::current());
    let clock = Arc::new(SystemClock::default());
    let log = Arc::new(FakeLog::new(Cluster::new(2)));
    let checkpoint = Some(Checkpoint { index: 1024, digest: 1 });
    let raft = Arc::new(FakeRaft::new(RaftStatus { checkpoint, ..RaftStatus::default() }));
    let beats = Beats::new(clock.clone());
    let sink = Arc::new(FakeSink::default());
    let parameters_index = Arc::default();
    let ports = ConfigSyncPorts {
        log: log.clone(),
        raft,
        beats: beats.clone(),
        sink: sink.clone(),
        clock,
        parameters_index: Arc::clone(&parameters_index),
    };
    let sync = ConfigSync::start(&supervisor, ports, NodeId(1)).unwrap();
    log.change(|cluster| cluster.set(THREADS, Some("100")));
    let index = log.wait_for(|_| true).await.index;
    within(sync.status().wait_for(|status| status.parameters_index == index)).await;
    assert_eq!(sink.0.lock()[THREADS], "100");
    assert_eq!(parameters_index.load(Ordering::SeqCst), index);

    log.change(|cluster| cluster.set(THREADS, Some("13")));
    let status = within(sync.status().wait_for(|status| !status.failures.is_empty())).await;
    assert_eq!(status.failures[THREADS], "thirteen is refused");

    let beat = Heartbeat {
        node: NodeId(2),
        session: SessionId(2000),
        term: 1,
        hears_primary: None,
        last_log_index: 0,
        applied_index: 0,
        fitness: Fitness::default(),
        checkpoint: Some(Checkpoint { index: 1024, digest: 2 }),
        parameters_index: 0,
        majority_round_trip_us: None,
    };
    beats.put(NodeId(2), beat);
    let status = within(sync.status().wait_for(|status| !status.drifts.is_empty())).await;
    assert_eq!((status.drifts[0].node, status.drifts[0].index), (NodeId(2), 1024));
    within(sync.stop(Duration::from_secs(10))).await.unwrap();
    within(supervisor.shutdown()).await.unwrap();
}
