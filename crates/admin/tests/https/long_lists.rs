//! Lists of a hundred thousand rows: a page costs what its fifty rows cost.

use std::time::Instant;

use flotilla_admin::api::{AccountView, Page, RouteView};
use flotilla_model::{
    AccountName, BlobId, Command, FilePath, NodeId, Protocol, PutCondition, Sha256, Step, WorkEnd, WorkResult, WorkerId,
};

use crate::harness::{Harness, MemoryLedger, NOW_MS, PASSWORD, SESSION};
use crate::queue::add_account;

const ROWS: u64 = 100_000;
const PAGE_ROWS: usize = 50;
/// Fifty rows of any of the lists have less.
const PAGE_BYTES_MAX: usize = 128 * 1024;

fn name(number: u64) -> String {
    format!("partner-{number:06}")
}

/// As many accounts with routes as transfers, and half as many events; every hundredth event is a dead letter.
fn fill(ledger: &MemoryLedger) {
    for number in 0..ROWS {
        add_account(ledger, &name(number));
        let account = AccountName::parse(&name(number)).unwrap();
        ledger.apply(Command::PutRoute { account, steps: vec![Step::Checksum], expected_version: None });
    }
    for number in 0..ROWS {
        // Half of them have a route, the others are transfers alone.
        let account = if number % 2 == 0 { name(0) } else { "plain".to_owned() };
        if number == 0 {
            add_account(ledger, "plain");
        }
        ledger.apply(Command::FileStored {
            account: AccountName::parse(&account).unwrap(),
            path: FilePath::parse(&format!("in/{number}.csv")).unwrap(),
            blob: BlobId(u128::from(number) + 1),
            length: 10,
            sha256: Sha256([3; 32]),
            holders: vec![NodeId(1), NodeId(2)],
            node: NodeId(2),
            protocol: Protocol::Https,
            remote: "10.0.0.9:5555".to_owned(),
            condition: PutCondition::Any,
            started_ms: NOW_MS,
            now_ms: NOW_MS,
        });
        if number % 100 == 0 {
            bury_one(ledger);
        }
    }
}

fn bury_one(ledger: &MemoryLedger) {
    let claim = Command::Claim { node: NodeId(2), session: SESSION, count: 1, steal_after_ms: 0, now_ms: NOW_MS };
    let flotilla_model::Outcome::Claimed { leases, .. } = ledger.apply(claim) else { panic!("not claimed") };
    let end = WorkEnd::Failed { reason: "answered 404".to_owned(), retryable: false };
    let result = |(event, attempt)| WorkResult { event, attempt, worker: WorkerId(1), steps: vec![], end: end.clone() };
    let results = leases.into_iter().map(result).collect();
    ledger.apply(Command::Complete { node: NodeId(2), session: SESSION, results, now_ms: NOW_MS });
}

/// Run with `--no-capture` it tells how long each page took.
#[actix_web::test]
async fn pages_of_long_lists_are_short() {
    let harness = Harness::start().await;
    fill(&harness.ledger);
    let http = harness.raw();
    let ask = |path: String| http.get(format!("{}{path}", harness.url())).basic_auth("auditor", Some(PASSWORD)).send();
    for path in [
        "/console/files",
        "/console/files?cursor=50000",
        "/console/files?state=Processed",
        "/console/queue/events",
        "/console/queue/events?state=dead",
        "/console/queue/events?account=plain",
        "/console/accounts",
        "/console/accounts?name=099999",
        "/console/accounts?after=partner-050000",
        "/console/routes",
        "/console/routes?after=partner-050000",
        "/console/routes/edit?account=partner-000000",
        "/console/queue",
        "/console/cluster",
        "/api/v2.0/logs/transfers",
        "/api/v2.0/events?state=dead",
    ] {
        let begun = Instant::now();
        let answer = ask(path.to_owned()).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let body = answer.text().await.unwrap();
        println!("{path}: {} ms, {} bytes", begun.elapsed().as_millis(), body.len());
        assert!(body.len() < PAGE_BYTES_MAX, "{path} has {} bytes", body.len());
        assert!(body.matches("<tr>").count() <= PAGE_ROWS + 1, "{path} has {} rows", body.matches("<tr>").count());
    }
    let page = |path: &str| ask(format!("/api/v2.0/{path}"));
    let text = page("accounts?limit=2&after=partner-000008&contains=9").await.unwrap().text().await.unwrap();
    let found: Page<AccountView> = serde_json::from_str(&text).unwrap();
    assert_eq!(found.items.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), [name(9), name(19)]);
    let text = page("routes?limit=2&after=partner-000008").await.unwrap().text().await.unwrap();
    let found: Page<RouteView> = serde_json::from_str(&text).unwrap();
    assert_eq!(found.items.iter().map(|row| row.account.as_str()).collect::<Vec<_>>(), [name(9), name(10)]);
    harness.stop().await;
}
