//! Who gets in, and how far.

use flotilla_admin::Login;
use flotilla_admin::api::{AccountChange, AdministratorChange, BASE_PATH};
use flotilla_model::AdministratorRole;

use crate::harness::{Harness, PASSWORD, code};

#[actix_web::test]
async fn nothing_is_shown_without_credentials() {
    let harness = Harness::start().await;
    let raw = harness.raw();
    let paths = [
        "cluster",
        "status",
        "configurations/options",
        "accounts",
        "accounts/x",
        "administrators",
        "routes",
        "events",
        "events/1",
        "events/statistics",
        "events/ids",
        "lanes",
        "lanes/x",
        "logs/transfers",
        "logs/transfers/1",
        "servers",
    ];
    let urls = paths.iter().map(|path| format!("{}{BASE_PATH}/{path}", harness.url()));
    for url in urls.chain([format!("{}/metrics", harness.url())]) {
        let response = raw.get(&url).send().await.unwrap();
        assert_eq!(response.status(), 401, "{url}");
        assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic"), "{url}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    for path in [
        "join-tokens",
        "events/1/operations/retry",
        "events/1/operations/discard",
        "events/1/operations/cancel",
        "events/operations/retry",
        "events/operations/discard",
        "events/operations/cancel",
        "events/operations/resolve",
    ] {
        let url = format!("{}{BASE_PATH}/{path}", harness.url());
        let request = raw.post(&url).header("content-type", "application/json").body("{}");
        assert_eq!(request.send().await.unwrap().status(), 401, "{url}");
    }
    harness.stop().await;
}

#[actix_web::test]
async fn wrong_credentials_are_refused_alike() {
    let harness = Harness::start().await;
    for client in [
        harness.with_password("root", "wrong password"),
        harness.with_password("nobody", PASSWORD),
        harness.with_password("../etc", PASSWORD),
        harness.with_password("", ""),
    ] {
        assert_eq!(code(client.cluster().await), "bad-credentials");
    }
    let raw = harness.raw();
    for value in ["Bearer wrong", "Bearer", "Basic !!!", "Digest x", "\u{7f}"] {
        let Ok(value) = reqwest::header::HeaderValue::from_str(value) else { continue };
        let request = raw.get(format!("{}{BASE_PATH}/cluster", harness.url())).header("authorization", value);
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    harness.stop().await;
}

#[actix_web::test]
async fn roles_limit_what_is_allowed() {
    let harness = Harness::start().await;
    let [root, operator, auditor] = ["root", "operator", "auditor"].map(|name| harness.with_password(name, PASSWORD));
    for client in [&root, &operator, &auditor] {
        client.cluster().await.unwrap();
    }
    let set =
        |client: flotilla_admin::Client| async move { client.set_parameter("Files.replicas", Some("1"), None).await };
    assert_eq!(code(set(auditor.clone()).await), "forbidden");
    assert_eq!(code(set(operator.clone()).await), "forbidden");
    set(root).await.unwrap();
    assert_eq!(code(auditor.retry_event(1).await), "forbidden");
    assert_eq!(code(operator.retry_event(1).await), "not-found");
    harness.stop().await;
}

#[actix_web::test]
async fn a_given_out_password_is_only_good_for_changing_it() {
    let harness = Harness::start().await;
    let client = harness.with_password("first", PASSWORD);
    assert_eq!(code(client.cluster().await), "password-change-required");
    let other = AdministratorChange {
        password: Some("another password".to_owned()),
        role: None,
        ..AdministratorChange::default()
    };
    assert_eq!(code(client.put_administrator("root", &other).await), "password-change-required");
    let short =
        AdministratorChange { password: Some("short".to_owned()), role: None, ..AdministratorChange::default() };
    assert_eq!(code(client.put_administrator("first", &short).await), "invalid-value");
    client.put_administrator("first", &other).await.unwrap();
    assert_eq!(code(client.cluster().await), "bad-credentials");
    harness.with_password("first", "another password").cluster().await.unwrap();
    harness.stop().await;
}

#[actix_web::test]
async fn everybody_may_change_their_own_password_and_no_more() {
    let harness = Harness::start().await;
    let auditor = harness.with_password("auditor", PASSWORD);
    let change = |role| AdministratorChange {
        password: Some("another password".to_owned()),
        role,
        ..AdministratorChange::default()
    };
    assert_eq!(code(auditor.put_administrator("operator", &change(None)).await), "forbidden");
    let risen = change(Some(AdministratorRole::Administrator));
    assert_eq!(code(auditor.put_administrator("auditor", &risen).await), "forbidden");
    auditor.put_administrator("auditor", &change(None)).await.unwrap();
    let auditor = harness.with_password("auditor", "another password");
    assert_eq!(code(auditor.set_parameter("Files.replicas", Some("1"), None).await), "forbidden");
    harness.stop().await;
}

#[actix_web::test]
async fn the_last_administrator_stays() {
    let harness = Harness::start().await;
    let local = harness.local();
    local.delete_administrator("first").await.unwrap();
    assert_eq!(code(local.delete_administrator("root").await), "last-of-its-kind");
    assert_eq!(code(local.delete_administrator("nobody").await), "not-found");
    let names: Vec<String> = local.administrators().await.unwrap().into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["auditor", "operator", "root"]);
    harness.stop().await;
}

#[actix_web::test]
async fn requests_made_by_other_sites_pages_are_refused() {
    let harness = Harness::start().await;
    let send = |site: &'static str| {
        let request = harness.raw().get(format!("{}{BASE_PATH}/cluster", harness.url()));
        request.bearer_auth(harness.token.expose()).header("sec-fetch-site", site).send()
    };
    assert_eq!(send("cross-site").await.unwrap().status(), 403);
    assert_eq!(send("same-origin").await.unwrap().status(), 200);
    harness.stop().await;
}

#[actix_web::test]
async fn a_foreign_server_is_not_talked_to() {
    let (harness, other) = (Harness::start().await, Harness::start().await);
    let tls = flotilla_pki::https_client_config(&other.credentials).unwrap();
    let client = flotilla_admin::Client::new(&harness.url(), tls, Login::Local(other.token.clone())).unwrap();
    let error = client.put_account("ann", &AccountChange::default(), None).await.unwrap_err();
    assert!(matches!(error, flotilla_admin::ClientError::Unreachable { .. }), "{error}");
    assert!(error.to_string().to_lowercase().contains("certificate"), "{error}");
    harness.stop().await;
    other.stop().await;
}
