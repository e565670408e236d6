//! The event queue and the transfer log.

use flotilla_admin::api::{EventQuery, Resolution, ResolveRequest, TransferQuery};
use flotilla_model::{
    AccountName, BlobId, Command, EventId, FilePath, NodeId, Outcome, Protocol, PutCondition, Sha256, Step, WorkEnd,
    WorkResult, WorkerId,
};

use crate::harness::{Harness, MemoryLedger, NOW_MS, SESSION, code};

fn account(name: &str) -> AccountName {
    AccountName::parse(name).unwrap()
}

fn add_account(ledger: &MemoryLedger, name: &str, steps: Vec<Step>) {
    ledger.apply(Command::PutAccount {
        name: account(name),
        password_hash: Some("$argon2id$".to_owned()),
        enabled: None,
        quota_bytes: None,
        quota_files: None,
        expected_version: None,
        now_ms: NOW_MS,
    });
    ledger.apply(Command::PutRoute { account: account(name), steps, expected_version: None });
}

fn store(ledger: &MemoryLedger, name: &str, number: u64) {
    ledger.apply(Command::FileStored {
        account: account(name),
        path: FilePath::parse(&format!("in/{number}.csv")).unwrap(),
        blob: BlobId(u128::from(number) + 1),
        length: 10 * number,
        sha256: Sha256([3; 32]),
        holders: vec![NodeId(1), NodeId(2)],
        node: NodeId(2),
        protocol: Protocol::Https,
        remote: "10.0.0.9:5555".to_owned(),
        condition: PutCondition::Any,
        started_ms: NOW_MS + number,
        now_ms: NOW_MS + number,
    });
}

/// Leases all ready events to node 2 and ends them alike.
fn work(ledger: &MemoryLedger, end: WorkEnd) {
    let claim = Command::Claim { node: NodeId(2), session: SESSION, count: 100, steal_after_ms: 0, now_ms: NOW_MS };
    let Outcome::Claimed { leases, .. } = ledger.apply(claim) else { panic!("not claimed") };
    let result = |(event, attempt)| WorkResult { event, attempt, worker: WorkerId(1), steps: vec![], end: end.clone() };
    let results = leases.into_iter().map(result).collect();
    ledger.apply(Command::Complete { node: NodeId(2), session: SESSION, results, now_ms: NOW_MS });
}

#[actix_web::test]
async fn transfers_come_newest_first_in_pages() {
    let harness = Harness::start().await;
    add_account(&harness.ledger, "ann", vec![Step::Checksum]);
    add_account(&harness.ledger, "bob", vec![]);
    for number in 0..7 {
        store(&harness.ledger, if number % 2 == 0 { "ann" } else { "bob" }, number);
    }
    let client = harness.local();
    let mut query = TransferQuery { limit: Some(3), ..TransferQuery::default() };
    let mut ids = Vec::new();
    loop {
        let page = client.transfers(&query).await.unwrap();
        ids.push(page.items.iter().map(|row| row.id.0).collect::<Vec<_>>());
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(ids, [vec![7, 6, 5], vec![4, 3, 2], vec![1]]);

    let query =
        TransferQuery { account: Some("ann".to_owned()), state: Some("in-progress".to_owned()), ..Default::default() };
    let page = client.transfers(&query).await.unwrap();
    assert_eq!(
        page.items.iter().map(|row| row.path.as_str()).collect::<Vec<_>>(),
        ["in/6.csv", "in/4.csv", "in/2.csv", "in/0.csv"]
    );
    let row = client.transfer(7).await.unwrap();
    assert_eq!(row.trace, format!("{:032x}", 7));
    assert_eq!((row.size_bytes, row.node, row.replicas.len(), row.state.as_str()), (60, NodeId(2), 2, "In progress"));
    assert_eq!(row.sha256, "03".repeat(32));
    harness.stop().await;
}

#[actix_web::test]
async fn dead_letters_are_listed_retried_and_discarded() {
    let harness = Harness::start().await;
    add_account(&harness.ledger, "ann", vec![Step::Checksum]);
    for number in 0..3 {
        store(&harness.ledger, "ann", number);
    }
    let client = harness.local();
    assert_eq!(client.event_statistics().await.unwrap().queue.ready, 3);
    assert_eq!(code(client.retry_event(1).await), "wrong-state");
    work(&harness.ledger, WorkEnd::Failed { reason: "checksum differs".to_owned(), retryable: false });

    let dead = EventQuery { state: Some("dead".to_owned()), limit: Some(2), ..EventQuery::default() };
    let page = client.events(&dead).await.unwrap();
    assert_eq!(page.items.iter().map(|row| row.id).collect::<Vec<_>>(), [EventId(1), EventId(2)]);
    assert_eq!(page.items[0].reason.as_deref(), Some("checksum differs"));
    let rest = client.events(&EventQuery { cursor: page.next_cursor, ..dead.clone() }).await.unwrap();
    assert_eq!((rest.items.len(), rest.next_cursor), (1, None));

    client.retry_event(1).await.unwrap();
    client.discard_event(2).await.unwrap();
    assert_eq!(client.event(1).await.unwrap().state, "ready");
    assert_eq!(code(client.event(2).await), "not-found");
    let statistics = client.event_statistics().await.unwrap();
    assert_eq!((statistics.queue.ready, statistics.queue.dead, statistics.discarded_total), (1, 1, 1));
    assert_eq!(code(client.discard_event(99).await), "not-found");
    harness.stop().await;
}

#[actix_web::test]
async fn a_person_answers_for_a_doubtful_step() {
    let harness = Harness::start().await;
    let webhook = Step::Webhook { url: "https://example.org".to_owned(), key: None, timeout_ms: 5, idempotent: false };
    add_account(&harness.ledger, "ann", vec![webhook]);
    store(&harness.ledger, "ann", 0);
    let client = harness.local();
    work(&harness.ledger, WorkEnd::OutcomeUnknown { step: 0, reason: "no answer".to_owned() });
    assert_eq!(client.event(1).await.unwrap().state, "outcome-unknown");
    client.resolve_event(1, &ResolveRequest { answer: Resolution::Happened }).await.unwrap();
    assert_ne!(client.transfer(1).await.unwrap().state, "Failed");
    assert_eq!(client.event_statistics().await.unwrap().queue.outcome_unknown, 0);
    harness.stop().await;
}
