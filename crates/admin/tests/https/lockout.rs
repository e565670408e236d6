//! What guessing at passwords leads to.

use flotilla_admin::Login;
use flotilla_admin::api::AuditQuery;
use flotilla_model::{AccountName, State};

use crate::harness::{Harness, PASSWORD, code, wait_until};

fn is_locked(state: &State, name: &str) -> bool {
    state.locked_until(&AccountName::parse(name).unwrap(), 0).is_some()
}

/// A log-in that fails, as its administrator sees it.
async fn guess(harness: &Harness, name: &str) -> String {
    code(harness.with_password(name, "wrong password").cluster().await)
}

#[actix_web::test]
async fn failures_lock_a_name_and_nobody_can_tell() {
    let harness = Harness::start().await;
    let local = harness.local();
    local.set_parameter("Access.maxLoginFailures", Some("3"), None).await.unwrap();
    for _ in 0..3 {
        assert_eq!(guess(&harness, "root").await, "bad-credentials");
        assert_eq!(guess(&harness, "nobody").await, "bad-credentials");
    }
    wait_until("root is locked", || is_locked(&harness.ledger.state(), "root")).await;
    let root = harness.with_password("root", PASSWORD);
    let refused = root.cluster().await.unwrap_err();
    let unknown = harness.with_password("nobody", PASSWORD).cluster().await.unwrap_err();
    assert_eq!(refused.problem(), unknown.problem(), "the right password is refused like that of nobody");
    harness.with_password("auditor", PASSWORD).cluster().await.unwrap();
    let row = local.audit_log(&AuditQuery::default()).await.unwrap().items.remove(0);
    assert_eq!((row.operation.as_str(), row.subject.as_str()), ("administrator.lock", "root"));
    assert_eq!((row.who.as_str(), row.remote.as_str()), ("system", "127.0.0.1"));

    let auditor = harness.with_password("auditor", PASSWORD);
    assert_eq!(code(auditor.unlock_administrator("root").await), "forbidden");
    assert_eq!(code(local.unlock_administrator("nobody").await), "not-found");
    local.unlock_administrator("root").await.unwrap();
    root.cluster().await.unwrap();
    harness.stop().await;
}

#[actix_web::test]
async fn a_locked_name_still_has_its_tokens_and_the_node_its_own() {
    let harness = Harness::start().await;
    let root = harness.with_password("root", PASSWORD);
    let request = flotilla_admin::api::ApiTokenRequest {
        name: "x".to_owned(),
        role: flotilla_model::AdministratorRole::Auditor,
        lifetime_s: None,
        description: None,
        owner: None,
    };
    let token = root.create_api_token(&request).await.unwrap().token;
    root.set_parameter("Access.maxLoginFailures", Some("1"), None).await.unwrap();
    guess(&harness, "root").await;
    wait_until("root is locked", || is_locked(&harness.ledger.state(), "root")).await;
    assert_eq!(code(root.cluster().await), "bad-credentials");
    harness.client(Login::Token(token.into())).cluster().await.unwrap();
    harness.local().cluster().await.unwrap();
    harness.stop().await;
}

#[actix_web::test]
async fn a_node_limits_failures_of_a_name_before_it_looks() {
    let harness = Harness::start().await;
    let mut answers = Vec::new();
    for _ in 0..32 {
        answers.push(guess(&harness, "nobody").await);
    }
    let limited = answers.iter().filter(|answer| *answer == "too-many-requests").count();
    assert!(answers[..30].iter().all(|answer| answer == "bad-credentials") && limited >= 1, "{answers:?}");
    harness.with_password("root", PASSWORD).cluster().await.unwrap();
    let metrics = harness.local().metrics().await.unwrap();
    let value = |name: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}"));
        line.trim().parse::<f64>().unwrap()
    };
    assert!(value("flotilla_admin_logins_refused_total") >= 30.0);
    assert!(value("flotilla_admin_logins_limited_total") >= 1.0);
    assert_eq!(value("flotilla_administrators_locked"), 0.0);
    assert!(harness.ledger.state().login_failures.is_empty(), "names that nobody has are not counted in the log");
    harness.stop().await;
}

#[actix_web::test]
async fn failures_wait_for_each_other_on_their_way_into_the_log() {
    let harness = Harness::start().await;
    let before = harness.ledger.index();
    for _ in 0..9 {
        guess(&harness, "root").await;
    }
    let name = AccountName::parse("root").unwrap();
    wait_until("all failures are counted", || {
        harness.ledger.state().login_failures.get(&name).is_some_and(|row| row.count == 9)
    })
    .await;
    let entries = harness.ledger.index() - before;
    assert!(entries < 9, "{entries} entries for 9 failures");
    harness.stop().await;
}
