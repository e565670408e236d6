//! What a delegate sees and does: what belongs to their accounts, and nothing else.

use flotilla_admin::Client;
use flotilla_admin::api::{
    AccountChange, AdministratorChange, ApiTokenRequest, EventQuery, StatisticsQuery, StepChange, TransferQuery,
};
use flotilla_model::{
    AccountName, AdministratorRole, BlobId, Command, FilePath, NodeId, Protocol, PutCondition, Sha256, TransferId,
};

use crate::harness::{Harness, NOW_MS, PASSWORD, code};
use crate::queue::{add_publisher, bury, event, publish};

fn stored(account: &str, blob: u128) -> Command {
    Command::FileStored {
        account: AccountName::parse(account).unwrap(),
        path: FilePath::parse("a.txt").unwrap(),
        blob: BlobId(blob),
        length: 10,
        sha256: Sha256([0; 32]),
        holders: vec![NodeId(1), NodeId(2)],
        node: NodeId(2),
        protocol: Protocol::Https,
        remote: String::new(),
        condition: PutCondition::Any,
        started_ms: NOW_MS,
        now_ms: NOW_MS,
    }
}

/// Accounts `ann` and `bob` with a file and a dead event each (1 of Ann, 2 of Bob); `dora` looks after `ann`.
pub(crate) async fn scene() -> (Harness, Client) {
    let harness = Harness::start().await;
    for account in ["ann", "bob"] {
        add_publisher(&harness.ledger, account, None);
        publish(&harness.ledger, account, vec![event("x")], 0);
    }
    bury(&harness.ledger, "gone");
    harness.ledger.apply(stored("ann", 1));
    harness.ledger.apply(stored("bob", 2));
    let dora = AdministratorChange {
        password: Some(PASSWORD.to_owned()),
        role: Some(AdministratorRole::Delegate),
        accounts: Some(vec!["ann".to_owned()]),
        ..AdministratorChange::default()
    };
    harness.local().put_administrator("dora", &dora).await.unwrap();
    let client = harness.with_password("dora", PASSWORD);
    (harness, client)
}

#[actix_web::test]
async fn lists_hold_what_is_theirs() {
    let (harness, dora) = scene().await;
    let names: Vec<_> = dora.accounts().await.unwrap().into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["ann"]);
    let transfers = dora.transfers(&TransferQuery::default()).await.unwrap().items;
    assert_eq!(transfers.iter().map(|row| row.account.as_str()).collect::<Vec<_>>(), ["ann"]);
    let events = dora.events(&EventQuery::default()).await.unwrap().items;
    assert!(!events.is_empty() && events.iter().all(|row| row.account == "ann"), "{events:?}");
    let routes = dora.routes(None).await.unwrap();
    assert!(!routes.is_empty() && routes.iter().all(|row| row.account == "ann"), "{routes:?}");
    let of_all_times = StatisticsQuery { since: Some(flotilla_admin::api::from_ms(1)), ..StatisticsQuery::default() };
    let counted = dora.statistics(&of_all_times);
    let counted = counted.await.unwrap();
    assert!(counted.transfers.count == 1 && counted.items.iter().all(|row| row.account == "ann"), "{counted:?}");
    harness.stop().await;
}

#[actix_web::test]
async fn what_is_of_others_is_not_there_or_forbidden() {
    let (harness, dora) = scene().await;
    let all = harness.local().transfers(&TransferQuery::default()).await.unwrap().items;
    let of = |account: &str| all.iter().find(|row| row.account == account).unwrap().id;
    let TransferId(of_ann) = of("ann");
    dora.transfer(of_ann).await.unwrap();
    assert_eq!(code(dora.transfer(of("bob").0).await), "not-found");
    dora.event(1).await.unwrap();
    assert_eq!(code(dora.event(2).await), "not-found");
    for name in ["bob", "nobody"] {
        assert_eq!(code(dora.account(name).await), "forbidden", "whether it is there is not told");
        assert_eq!(code(dora.route(name, None).await), "forbidden");
        let of_one = StatisticsQuery { account: Some(name.to_owned()), ..StatisticsQuery::default() };
        assert_eq!(code(dora.statistics(&of_one).await), "forbidden");
    }
    assert_eq!(code(dora.cluster().await), "forbidden");
    assert_eq!(code(dora.administrator("root").await), "forbidden");
    assert_eq!(dora.administrator("dora").await.unwrap().accounts, Some(vec!["ann".to_owned()]));
    harness.stop().await;
}

#[actix_web::test]
async fn their_events_are_steered_and_no_others() {
    let (harness, dora) = scene().await;
    let changed = dora.retry_events(&[1, 2, 99], None).await.unwrap();
    let refused: Vec<_> = changed.refused.iter().map(|one| (one.id.0, one.code.as_str())).collect();
    assert_eq!((changed.changed, refused), (1, vec![(2, "not-found"), (99, "not-found")]));
    assert_eq!(harness.local().event(1).await.unwrap().state, "ready");
    assert_eq!(harness.local().event(2).await.unwrap().state, "dead");
    assert_eq!(code(dora.discard_events(&[2]).await), "not-found");
    assert_eq!(code(dora.cancel_event(2).await), "not-found");
    assert_eq!(
        code(dora.retry_events(&[1], Some(vec![StepChange::Checksum {}])).await),
        "forbidden",
        "a route of their own"
    );
    let row = harness.ledger.state();
    let row = row.audit.last().unwrap().1;
    assert_eq!((row.origin.who.as_str(), row.operation.as_str()), ("dora", "event.retry"));
    harness.stop().await;
}

#[actix_web::test]
async fn of_an_account_they_set_the_password_alone() {
    let (harness, dora) = scene().await;
    let password = AccountChange { password: Some("another password".to_owned()), ..AccountChange::default() };
    dora.put_account("ann", &password, None).await.unwrap();
    assert_eq!(code(dora.put_account("bob", &password, None).await), "forbidden");
    assert_eq!(code(dora.put_account("new", &password, None).await), "forbidden");
    for change in [
        AccountChange { is_enabled: Some(false), ..password.clone() },
        AccountChange { quota_bytes: Some(None), ..AccountChange::default() },
        AccountChange { quota_files: Some(Some(1)), ..AccountChange::default() },
    ] {
        assert_eq!(code(dora.put_account("ann", &change, None).await), "forbidden", "{change:?}");
    }
    assert_eq!(code(dora.delete_account("ann").await), "forbidden");
    harness.stop().await;
}

#[actix_web::test]
async fn nobody_gives_themselves_more() {
    let (harness, dora) = scene().await;
    let change = |accounts: Option<&[&str]>, role| AdministratorChange {
        accounts: accounts.map(|accounts| accounts.iter().map(|name| (*name).to_owned()).collect()),
        role,
        ..AdministratorChange::default()
    };
    assert_eq!(code(dora.put_administrator("dora", &change(Some(&["ann", "bob"]), None)).await), "forbidden");
    assert_eq!(
        code(dora.put_administrator("dora", &change(None, Some(AdministratorRole::Operator))).await),
        "forbidden"
    );
    let token =
        |role| ApiTokenRequest { name: format!("t{role:?}"), role, lifetime_s: None, description: None, owner: None };
    assert_eq!(code(dora.create_api_token(&token(AdministratorRole::Auditor)).await), "forbidden");
    let made = dora.create_api_token(&token(AdministratorRole::Delegate)).await.unwrap();
    let program = harness.client(flotilla_admin::Login::Token(made.token.into()));
    assert_eq!(program.accounts().await.unwrap().len(), 1);
    // Their accounts change at once, for the token too.
    let root = harness.local();
    assert_eq!(code(root.put_administrator("root", &change(Some(&["ann"]), None)).await), "invalid-value");
    root.put_administrator("dora", &change(Some(&["bob"]), None)).await.unwrap();
    let names: Vec<_> = program.accounts().await.unwrap().into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["bob"]);
    assert_eq!(code(program.account("ann").await), "forbidden");
    harness.stop().await;
}
