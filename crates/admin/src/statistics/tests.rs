use flotilla_model::{
    Authority, BlobId, Command, EventAction, FilePath, KindName, KindPattern, MemberRole, NewEvent, NodeId, Payload,
    Protocol, PutCondition, Sha256, Step,
};

use super::*;

const HOUR_MS: u64 = 3_600_000;
/// Midnight of 2026-11-28, UTC.
const DAY_MS: u64 = 1_795_824_000_000;

fn name(text: &str) -> AccountName {
    AccountName::parse(text).unwrap()
}

fn stored(account: &str, blob: u128, at_ms: u64) -> Command {
    Command::FileStored {
        account: name(account),
        path: FilePath::parse(&format!("{blob}.txt")).unwrap(),
        blob: BlobId(blob),
        length: 100,
        sha256: Sha256([0; 32]),
        holders: vec![NodeId(1)],
        node: NodeId(1),
        protocol: Protocol::Https,
        remote: String::new(),
        condition: PutCondition::Any,
        started_ms: at_ms,
        now_ms: at_ms,
    }
}

fn published(account: &str, count: usize, now_ms: u64) -> Command {
    let event = NewEvent {
        kind: KindName::parse("order.created").unwrap(),
        data: Payload::new(b"{}"),
        ordering_key: None,
        idempotency_key: None,
        priority: None,
        not_before_ms: None,
        expires_ms: None,
        trace_id: None,
    };
    Command::PublishEvents { account: name(account), node: NodeId(1), events: vec![event; count], now_ms }
}

/// Alice has a route, so that her files wait for a worker; Bob has none.
fn state() -> State {
    let mut state = State::default();
    let mut parameters = flotilla_config::parameters::defaults();
    parameters.retain(|(name, _)| name != "Files.replicas");
    let account = |text: &str| Command::PutAccount {
        name: name(text),
        password_hash: Some(String::new()),
        enabled: None,
        quota_bytes: None,
        quota_files: None,
        expected_version: None,
        now_ms: DAY_MS,
    };
    for command in [
        Command::CreateCluster { id: 1, name: "test".to_owned(), parameters, now_ms: DAY_MS },
        Command::AdmitMember {
            token: None,
            name: "node-1".to_owned(),
            role: MemberRole::Full,
            mesh_address: "node-1:44431".to_owned(),
            admin_url: String::new(),
            transfer_url: String::new(),
            authority: Authority {
                fingerprint: "ca".to_owned(),
                certificate_pem: String::new(),
                node: None,
                added_ms: DAY_MS,
            },
            now_ms: DAY_MS,
        },
        account("alice"),
        account("bob"),
        Command::PutRoute { account: name("alice"), steps: vec![Step::Checksum], expected_version: None },
        Command::PutKindRoute {
            account: name("alice"),
            kind: KindPattern::parse("*").unwrap(),
            steps: vec![Step::Log { message: "x".to_owned() }],
            lane: None,
            priority: None,
            expected_version: None,
        },
    ] {
        state.apply(&command).unwrap();
    }
    state
}

fn counted(state: &State, per: Per, since_ms: u64, until_ms: u64) -> Statistics {
    count(state, &Wanted { since_ms, until_ms, per }, |_| true).unwrap()
}

fn rows(statistics: &Statistics) -> Vec<(u64, &str, u64, u64)> {
    let rows = statistics.items.iter().map(|row| {
        let hours = (crate::api::to_ms(row.begins_at) - DAY_MS) / HOUR_MS;
        (hours, row.account.as_str(), row.transfers.count, row.events.published)
    });
    rows.collect()
}

#[test]
fn files_and_events_are_counted_by_hour_and_account() {
    let mut state = state();
    for command in [
        stored("alice", 1, DAY_MS + HOUR_MS),
        stored("alice", 2, DAY_MS + HOUR_MS + 5),
        stored("bob", 3, DAY_MS + HOUR_MS + 7),
        published("alice", 3, DAY_MS + 2 * HOUR_MS - 1),
        stored("alice", 4, DAY_MS + 2 * HOUR_MS),
        stored("alice", 5, DAY_MS + 24 * HOUR_MS),
    ] {
        state.apply(&command).unwrap();
    }
    let by_hour = counted(&state, Per::Hour, DAY_MS, DAY_MS + 24 * HOUR_MS);
    assert_eq!(rows(&by_hour), [(1, "alice", 2, 3), (1, "bob", 1, 0), (2, "alice", 1, 0)]);
    assert_eq!((by_hour.transfers.count, by_hour.transfers.bytes, by_hour.events.open), (4, 400, 3));
    // Without a route there is nothing to do, and so it is done.
    assert_eq!((by_hour.items[1].transfers.processed, by_hour.items[0].transfers.open), (1, 2));
    assert_eq!((by_hour.transfers_complete_since, by_hour.events_complete_since), (None, None));
    let by_day = counted(&state, Per::Day, DAY_MS, DAY_MS + 48 * HOUR_MS);
    assert_eq!(rows(&by_day), [(0, "alice", 3, 3), (0, "bob", 1, 0), (24, "alice", 1, 0)]);
    let of_bob = Wanted { since_ms: DAY_MS + 5, until_ms: DAY_MS + 48 * HOUR_MS, per: Per::Period };
    let of_bob = count(&state, &of_bob, |account| account.as_str() == "bob").unwrap();
    assert_eq!((of_bob.items.len(), of_bob.transfers.count), (1, 1));
}

#[test]
fn what_became_of_events_is_told() {
    let mut state = state();
    state.apply(&published("alice", 3, DAY_MS)).unwrap();
    let ids: Vec<_> = state.events.iter().map(|(id, _)| *id).collect();
    let cancel = Command::ChangeEvents { events: vec![ids[0]], action: EventAction::Cancel, now_ms: DAY_MS };
    state.apply(&cancel).unwrap();
    let events = counted(&state, Per::Day, DAY_MS, DAY_MS + HOUR_MS).events;
    assert_eq!((events.published, events.cancelled, events.open), (3, 1, 2));
}

#[test]
fn what_has_left_the_log_is_said_to_be_missing() {
    let mut state = state();
    let limit = Command::SetParameter {
        name: "TransferLog.maxRecords".to_owned(),
        node: None,
        value: Some("2".to_owned()),
        expected_version: None,
        changed_by: String::new(),
        now_ms: DAY_MS,
    };
    state.apply(&limit).unwrap();
    for number in 1..=5 {
        state.apply(&stored("bob", number, DAY_MS + number as u64 * HOUR_MS)).unwrap();
    }
    let found = counted(&state, Per::Day, DAY_MS, DAY_MS + 24 * HOUR_MS);
    assert_eq!(found.transfers.count, 2);
    assert_eq!(found.transfers_complete_since, Some(from_ms(DAY_MS + 4 * HOUR_MS)));
}
