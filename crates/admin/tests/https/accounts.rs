//! Accounts and their routes.

use flotilla_admin::api::{AccountChange, RouteChange, StepChange, StepView};
use flotilla_credentials::{Limits, Passwords};
use flotilla_model::AccountName;

use crate::harness::{Harness, code};

fn with_password(password: &str) -> AccountChange {
    AccountChange { password: Some(password.to_owned()), ..AccountChange::default() }
}

#[actix_web::test]
async fn an_account_is_made_changed_and_removed() {
    let harness = Harness::start().await;
    let client = harness.local();
    let made = client.put_account("ann", &with_password("first password"), None).await.unwrap();
    let view = client.accounts().await.unwrap().remove(0);
    assert_eq!((view.name.as_str(), view.is_enabled, view.quota_bytes), ("ann", true, None));
    assert_eq!(Some(view.version), made.version);

    let stored =
        harness.ledger.state().accounts.get(&AccountName::parse("ann").unwrap()).unwrap().password_hash.clone();
    let passwords = Passwords::new(Limits::default()).unwrap();
    assert_eq!(passwords.verify("ann", Some(&stored), "first password").await, Ok(true));

    let change = AccountChange { is_enabled: Some(false), quota_bytes: Some(Some(5)), ..AccountChange::default() };
    client.put_account("ann", &change, made.version).await.unwrap();
    let view = client.accounts().await.unwrap().remove(0);
    assert_eq!((view.is_enabled, view.quota_bytes), (false, Some(5)));
    assert_eq!(code(client.put_account("ann", &change, made.version).await), "version-conflict");
    let lifted = AccountChange { quota_bytes: Some(None), ..AccountChange::default() };
    client.put_account("ann", &lifted, None).await.unwrap();
    assert_eq!(client.accounts().await.unwrap()[0].quota_bytes, None);

    client.delete_account("ann").await.unwrap();
    assert_eq!(code(client.delete_account("ann").await), "not-found");
    harness.stop().await;
}

#[actix_web::test]
async fn bad_accounts_are_refused() {
    let harness = Harness::start().await;
    let client = harness.local();
    let cases = [("ann", AccountChange::default(), "password"), ("ann", with_password("short"), "password")];
    for (name, change, field) in cases {
        let error = client.put_account(name, &change, None).await.unwrap_err();
        assert_eq!(error.problem().unwrap().field.as_deref(), Some(field), "{error}");
    }
    for name in ["a b", "-a", "a/b", "ä"] {
        let error = client.put_account(name, &with_password("good password"), None).await.unwrap_err();
        assert_eq!(error.problem().unwrap().field.as_deref(), Some("name"), "{error}");
    }
    assert!(client.accounts().await.unwrap().is_empty());
    harness.stop().await;
}

#[actix_web::test]
async fn a_route_is_set_shown_without_its_key_and_removed() {
    let harness = Harness::start().await;
    let client = harness.local();
    for name in ["ann", "bob"] {
        client.put_account(name, &with_password("good password"), None).await.unwrap();
    }
    assert_eq!(code(client.route("ann", None).await), "not-found");
    let webhook = StepChange::Webhook {
        url: "https://example.org/received".to_owned(),
        key: Some("hush hush".to_owned()),
        keep_key: false,
        timeout_ms: 1000,
        idempotent: true,
    };
    let publish = StepChange::Publish { account: "bob".to_owned(), folder: "in".to_owned() };
    let change = RouteChange { steps: vec![StepChange::Checksum {}, publish, webhook], ..RouteChange::default() };
    let done = client.put_route("ann", None, &change, None).await.unwrap();
    let route = client.route("ann", None).await.unwrap();
    assert_eq!(route.version, done.version.unwrap());
    assert_eq!(route.steps[0], StepView::Checksum);
    assert!(matches!(&route.steps[2], StepView::Webhook { has_key: true, timeout_ms: 1000, .. }));
    assert_eq!(client.routes(None).await.unwrap(), [route]);

    let stranger = StepChange::Publish { account: "carl".to_owned(), folder: String::new() };
    let wrong = RouteChange { steps: vec![StepChange::Checksum {}, stranger], ..RouteChange::default() };
    let error = client.put_route("ann", None, &wrong, None).await;
    assert_eq!(error.unwrap_err().problem().unwrap().field.as_deref(), Some("steps[1].account"));
    assert_eq!(code(client.put_route("carl", None, &change, None).await), "not-found");

    client.delete_route("ann", None).await.unwrap();
    assert!(client.routes(None).await.unwrap().is_empty());
    harness.stop().await;
}
