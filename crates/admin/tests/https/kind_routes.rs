//! Routes for the kinds of events of an account.

use crate::harness::{Harness, code};
use crate::queue::{account, add_account};
use flotilla_admin::api::{RouteChange, StepChange, StepView};

fn webhook() -> StepChange {
    StepChange::Webhook {
        url: "https://example.org/".to_owned(),
        key: None,
        keep_key: false,
        timeout_ms: 1000,
        idempotent: true,
    }
}

fn change() -> RouteChange {
    RouteChange { steps: vec![webhook()], lane: Some("bulk".to_owned()), priority: Some(7) }
}

#[actix_web::test]
async fn an_account_has_a_route_for_files_and_others_for_its_kinds() {
    let harness = Harness::start().await;
    let client = harness.local();
    for name in ["bob", "ann"] {
        add_account(&harness.ledger, name);
    }
    let files = RouteChange { steps: vec![StepChange::Checksum {}], ..RouteChange::default() };
    client.put_route("ann", None, &files, None).await.unwrap();
    client.put_route("ann", Some("order.*"), &change(), None).await.unwrap();
    client.put_route("ann", Some("order.created"), &change(), None).await.unwrap();
    client.put_route("bob", Some("*"), &change(), None).await.unwrap();

    let shown = client.route("ann", Some("order.*")).await.unwrap();
    assert_eq!((shown.lane.as_deref(), shown.priority, shown.kind.as_str()), (Some("bulk"), Some(7), "order.*"));
    assert_eq!(client.route("ann", None).await.unwrap().steps, [StepView::Checksum]);
    assert_eq!(client.route("ann", Some("file.received")).await.unwrap().kind, "file.received");
    let all = client.routes(None).await.unwrap();
    let listed: Vec<_> = all.iter().map(|route| (route.account.as_str(), route.kind.as_str())).collect();
    assert_eq!(listed, [("ann", "file.received"), ("ann", "order.*"), ("ann", "order.created"), ("bob", "*")]);
    assert_eq!(client.routes(Some("bob")).await.unwrap().len(), 1);

    let state = harness.ledger.state();
    assert!(state.kind_route(&account("ann"), "order.paid").is_some());
    assert!(state.kind_route(&account("ann"), "stock.low").is_none());
    harness.stop().await;
}

#[actix_web::test]
async fn versions_guard_each_route_for_itself() {
    let harness = Harness::start().await;
    let client = harness.local();
    add_account(&harness.ledger, "ann");
    let done = client.put_route("ann", Some("order.*"), &change(), None).await.unwrap();
    let version = done.version.unwrap();
    assert_eq!(client.route("ann", Some("order.*")).await.unwrap().version, version);
    assert_eq!(code(client.put_route("ann", Some("order.*"), &change(), Some(version + 1)).await), "version-conflict");
    assert_eq!(code(client.put_route("ann", Some("stock.*"), &change(), Some(version)).await), "version-conflict");
    client.put_route("ann", Some("order.*"), &change(), Some(version)).await.unwrap();

    client.delete_route("ann", Some("order.*")).await.unwrap();
    assert_eq!(code(client.delete_route("ann", Some("order.*")).await), "not-found");
    assert_eq!(code(client.route("ann", Some("order.*")).await), "not-found");
    assert_eq!(code(client.delete_route("ann", None).await), "not-found");
    harness.stop().await;
}

#[actix_web::test]
async fn what_cannot_work_is_refused_by_its_field() {
    let harness = Harness::start().await;
    let client = harness.local();
    add_account(&harness.ledger, "ann");
    let with = |step| RouteChange { steps: vec![webhook(), step], ..RouteChange::default() };
    let publish = StepChange::Publish { account: "ann".to_owned(), folder: String::new() };
    for (kind, change, field) in [
        (Some("order.*"), with(StepChange::Checksum {}), "steps[1].type"),
        (Some("order.*"), with(publish), "steps[1].type"),
        (Some("file.removed"), change(), "kind"),
        (Some("file.*"), change(), "kind"),
        (Some("a*b"), change(), "kind"),
        (Some(""), change(), "kind"),
        (Some(&*"k".repeat(200)), change(), "kind"),
        (Some("order.*"), RouteChange { priority: Some(10), ..change() }, "priority"),
        (Some("order.*"), RouteChange { lane: Some("a b".to_owned()), ..change() }, "lane"),
    ] {
        let error = client.put_route("ann", kind, &change, None).await.unwrap_err();
        assert_eq!(error.problem().unwrap().field.as_deref(), Some(field), "{kind:?} {change:?}: {error}");
    }
    for number in 0..64 {
        client.put_route("ann", Some(&format!("k{number}")), &change(), None).await.unwrap();
    }
    let error = client.put_route("ann", Some("one.more"), &change(), None).await.unwrap_err();
    assert_eq!(error.problem().unwrap().field.as_deref(), Some("kind"), "{error}");
    client.put_route("ann", Some("k5"), &change(), None).await.unwrap();
    harness.stop().await;
}
