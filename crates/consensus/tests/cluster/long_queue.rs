//! A queue with more data than shall be in memory: nodes keep it in files, and nobody sees a difference.

use std::time::Duration;

use flotilla_consensus::Consensus;
use flotilla_model::{AccountName, Command, KindName, KindPattern, NewEvent, NodeId, Payload, Step};

use crate::harness::{Cluster, NODES, set, wait_until};

fn configure(config: &mut flotilla_consensus::Config) {
    config.snapshot_entries = 20;
    config.snapshot_pause = Duration::ZERO;
    config.kept_entries = 10;
    config.snapshot_piece_bytes = 4 << 10;
    config.payload_area_bytes = 8 << 10;
}

fn account() -> AccountName {
    AccountName::parse("orders").unwrap()
}

fn data(number: u64) -> Vec<u8> {
    format!("{{\"order\":{number},\"text\":\"{}\"}}", "x".repeat(number as usize % 200)).into_bytes()
}

async fn prepare(cluster: &Cluster) {
    let account = Command::PutAccount {
        name: account(),
        password_hash: Some("$argon2id$".to_owned()),
        enabled: None,
        quota_bytes: None,
        quota_files: None,
        expected_version: None,
        now_ms: 1,
    };
    let route = Command::PutKindRoute {
        account: self::account(),
        kind: KindPattern::parse("order.*").unwrap(),
        steps: vec![Step::Log { message: "came in".to_owned() }],
        lane: None,
        priority: None,
        expected_version: None,
    };
    for command in [set("EventQueue.memoryBytes", 2000), account, route] {
        cluster.node(1).propose(command).await.unwrap().outcome.unwrap();
    }
}

/// Events whose ids are `numbers`, on a fresh queue.
async fn publish(cluster: &Cluster, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        let event = NewEvent {
            kind: KindName::parse("order.created").unwrap(),
            data: Payload::new(&data(number)),
            ordering_key: None,
            idempotency_key: None,
            priority: None,
            not_before_ms: None,
            expires_ms: None,
            trace_id: None,
        };
        let publish = Command::PublishEvents { account: account(), node: NodeId(1), events: vec![event], now_ms: 2 };
        cluster.node(1).propose(publish).await.unwrap().outcome.unwrap();
    }
}

fn check(node: &Consensus, count: u64) {
    let state = node.view().state.clone();
    assert_eq!(state.events.len() as u64, count);
    for event in state.events.values() {
        assert_eq!(*event.data().unwrap().read().unwrap(), *data(event.id.0), "event {}", event.id);
    }
    for entry in state.journal.iter() {
        assert_eq!(*entry.data.read().unwrap(), *data(entry.id.0), "entry {} of the journal", entry.id);
    }
    let in_memory: usize = state
        .events
        .values()
        .filter_map(|event| event.data())
        .filter(|data| data.is_in_memory())
        .map(Payload::len)
        .sum();
    assert!(in_memory <= 2200, "{in_memory} bytes are in memory");
    assert_eq!(node.stored_payload_bytes() + in_memory as u64, state.queue_statistics().data_bytes);
}

#[tokio::test(start_paused = true)]
async fn its_data_outlives_restarts_and_reaches_who_was_away() {
    let mut cluster = Cluster::formed(configure).await;
    prepare(&cluster).await;
    publish(&cluster, 1..=150).await;
    cluster.wait_converged().await;
    NODES.iter().for_each(|node| check(cluster.node(node.0), 150));

    cluster.crash(NodeId(3)).await;
    publish(&cluster, 151..=400).await;
    wait_until("the log is purged", || cluster.node(1).status().purged_index > Some(200)).await;
    cluster.start(NodeId(3)).await;
    cluster.wait_converged().await;
    NODES.iter().for_each(|node| check(cluster.node(node.0), 400));

    for node in NODES {
        cluster.crash(node).await;
    }
    for node in NODES {
        cluster.start(node).await;
    }
    cluster.wait_primary().await;
    cluster.wait_converged().await;
    NODES.iter().for_each(|node| check(cluster.node(node.0), 400));
    let files = flotilla_consensus::disk::Disk::list(cluster.disks[&NodeId(1)].as_ref()).unwrap();
    assert!(!files.iter().any(|file| file.contains("payloads")), "{files:?}");
}
