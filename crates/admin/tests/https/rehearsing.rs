//! What a route would do, and the same done again.

use flotilla_admin::api::{DryRunRequest, StepChange};
use flotilla_model::{
    AccountName, BlobId, Command, FilePath, NodeId, Outcome, Protocol, PutCondition, Sha256, Step, TransferId,
};

use crate::harness::{Harness, MemoryLedger, NOW_MS, PASSWORD, code};
use crate::queue::add_account;

/// A file of `ann`.
fn store(ledger: &MemoryLedger, path: &str, blob: u128) -> TransferId {
    let stored = ledger.apply(Command::FileStored {
        account: AccountName::parse("ann").unwrap(),
        path: FilePath::parse(path).unwrap(),
        blob: BlobId(blob),
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
    let Outcome::FileStored { transfer, .. } = stored else { panic!("{stored:?}") };
    transfer
}

fn set_route(ledger: &MemoryLedger, steps: Vec<Step>) {
    let account = AccountName::parse("ann").unwrap();
    ledger.apply(Command::PutRoute { account, steps, expected_version: None });
}

fn on(transfer: TransferId) -> DryRunRequest {
    DryRunRequest { transfer: Some(transfer), ..DryRunRequest::default() }
}

#[actix_web::test]
async fn each_step_is_told_and_what_would_fail() {
    let harness = Harness::start().await;
    let client = harness.with_password("auditor", PASSWORD);
    for name in ["ann", "bob"] {
        add_account(&harness.ledger, name);
    }
    let bob = AccountName::parse("bob").unwrap();
    set_route(&harness.ledger, vec![Step::Checksum, Step::Publish { account: bob, folder: "in".to_owned() }]);
    let transfer = store(&harness.ledger, "a.csv", 1);
    let (index, events) = (harness.ledger.index(), harness.ledger.state().events.len());
    let found = client.dry_run_route("ann", &on(transfer)).await.unwrap();
    let does: Vec<_> = found.steps.iter().map(|step| step.does.as_str()).collect();
    assert!(does[0].starts_with("reads 10 bytes") && does[1] == "gives the file to bob as in/a.csv", "{does:?}");
    assert!(found.steps.iter().all(|step| step.problem.is_none() && step.is_repeatable), "{found:?}");

    let steps = vec![
        StepChange::Webhook {
            url: "https://example.org/".to_owned(),
            key: Some("hush".to_owned()),
            keep_key: false,
            timeout_ms: 1000,
            idempotent: false,
        },
        StepChange::Publish { account: "bob".to_owned(), folder: "a/../b".to_owned() },
    ];
    let found = client.dry_run_route("ann", &DryRunRequest { steps: Some(steps), ..on(transfer) }).await.unwrap();
    let sends = found.steps[0].sends.clone().unwrap_or_default();
    assert!(sends.contains(r#""path":"a.csv""#) && !format!("{found:?}").contains("hush"), "{found:?}");
    assert!(!found.steps[0].is_repeatable && found.steps[1].problem.is_some(), "{found:?}");
    assert_eq!((harness.ledger.index(), harness.ledger.state().events.len()), (index, events), "something was done");

    assert_eq!(code(client.dry_run_route("bob", &on(transfer)).await), "not-found");
    assert_eq!(code(client.dry_run_route("ann", &DryRunRequest::default()).await), "invalid-value");
    set_route(&harness.ledger, Vec::new());
    assert_eq!(code(client.dry_run_route("ann", &on(transfer)).await), "not-found");
    harness.stop().await;
}

#[actix_web::test]
async fn a_transfer_is_resubmitted_by_who_may_steer() {
    let harness = Harness::start().await;
    add_account(&harness.ledger, "ann");
    let transfer = store(&harness.ledger, "a.csv", 1);
    let (auditor, operator) = (harness.with_password("auditor", PASSWORD), harness.with_password("operator", PASSWORD));
    assert_eq!(code(auditor.resubmit_transfer(transfer.0).await), "forbidden");
    assert_eq!(code(operator.resubmit_transfer(transfer.0).await), "wrong-state");
    assert_eq!(code(operator.resubmit_transfer(99).await), "not-found");
    set_route(&harness.ledger, vec![Step::Checksum]);
    let done = operator.resubmit_transfer(transfer.0).await.unwrap();
    assert_eq!(operator.transfer(transfer.0).await.unwrap().event, Some(done.event));
    // It is worked on.
    assert_eq!(code(operator.resubmit_transfer(transfer.0).await), "wrong-state");
    harness.stop().await;
}

#[actix_web::test]
async fn who_is_disabled_is_answered_like_a_stranger() {
    let harness = Harness::start().await;
    let (chief, operator) = (harness.local(), harness.with_password("operator", PASSWORD));
    operator.cluster().await.unwrap();
    assert_eq!(code(operator.set_administrator_enabled("auditor", false).await), "forbidden");
    chief.set_administrator_enabled("operator", false).await.unwrap();
    assert_eq!(code(operator.cluster().await), "bad-credentials");
    let rows = chief.administrators().await.unwrap();
    let enabled: Vec<_> = rows.iter().filter(|row| !row.is_enabled).map(|row| row.name.as_str()).collect();
    assert_eq!(enabled, ["operator"]);
    chief.set_administrator_enabled("operator", true).await.unwrap();
    operator.cluster().await.unwrap();
    harness.stop().await;
}
