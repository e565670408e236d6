//! API tokens: what they are good for, and what ends them.

use flotilla_admin::api::{AdministratorChange, ApiTokenRequest, AuditQuery};
use flotilla_admin::{Client, Login};
use flotilla_model::AdministratorRole::{self, Administrator, Auditor, Operator};

use crate::harness::{Harness, PASSWORD, code};

fn request(name: &str, role: AdministratorRole) -> ApiTokenRequest {
    ApiTokenRequest { name: name.to_owned(), role, lifetime_s: None, description: None, owner: None }
}

async fn token(harness: &Harness, owner: &str, name: &str, role: AdministratorRole) -> Client {
    let answer = harness.with_password(owner, PASSWORD).create_api_token(&request(name, role)).await.unwrap();
    assert!(answer.token.starts_with("flt_") && !format!("{answer:?}").contains(&answer.token));
    harness.client(Login::Token(answer.token.into()))
}

async fn set(client: &Client) -> Result<flotilla_admin::api::Done, flotilla_admin::ClientError> {
    client.set_parameter("Files.replicas", Some("1"), None).await
}

#[actix_web::test]
async fn a_token_works_for_its_owner_and_the_audit_log_says_which() {
    let harness = Harness::start().await;
    let client = token(&harness, "root", "backup", Administrator).await;
    set(&client).await.unwrap();
    let row = client.audit_log(&AuditQuery::default()).await.unwrap().items.remove(0);
    assert_eq!((row.who.as_str(), row.credential.as_deref()), ("root", Some("token backup")));
    set(&harness.with_password("root", PASSWORD)).await.unwrap();
    let row = client.audit_log(&AuditQuery::default()).await.unwrap().items.remove(0);
    assert_eq!(row.credential.as_deref(), Some("password"));
    let listed = client.api_tokens().await.unwrap().remove(0);
    assert_eq!((listed.name.as_str(), listed.owner.as_str(), listed.role), ("backup", "root", Administrator));
    assert!(listed.last_used_at.is_some());
    harness.stop().await;
}

#[actix_web::test]
async fn a_token_has_its_own_role_and_never_more_than_its_owner() {
    let harness = Harness::start().await;
    let auditing = token(&harness, "root", "looks", Auditor).await;
    assert_eq!(code(set(&auditing).await), "forbidden");
    assert_eq!(code(auditing.retry_event(1).await), "forbidden");
    let steering = token(&harness, "operator", "steers", Operator).await;
    assert_eq!(code(steering.retry_event(1).await), "not-found");
    let operator = harness.with_password("operator", PASSWORD);
    let error = operator.create_api_token(&request("rises", Administrator)).await.unwrap_err();
    let problem = error.problem().unwrap();
    assert_eq!((problem.code.as_str(), problem.field.as_deref()), ("forbidden", Some("role")));
    harness.stop().await;
}

#[actix_web::test]
async fn a_token_does_not_outlive_its_revocation_by_what_it_made() {
    let harness = Harness::start().await;
    let looks = token(&harness, "root", "looks", Auditor).await;
    let full = token(&harness, "root", "full", Administrator).await;
    assert_eq!(code(full.create_api_token(&request("more", Auditor)).await), "forbidden");
    let own = AdministratorChange {
        password: Some("another password".to_owned()),
        role: None,
        ..AdministratorChange::default()
    };
    assert_eq!(code(looks.put_administrator("root", &own).await), "forbidden", "its owner's password is not its own");
    assert_eq!(code(looks.revoke_api_token("full").await), "forbidden", "nor are its owner's other tokens");
    looks.revoke_api_token("looks").await.unwrap();
    assert_eq!(code(looks.cluster().await), "bad-credentials");
    full.cluster().await.unwrap();
    harness.stop().await;
}

#[actix_web::test]
async fn revocation_removal_and_a_lower_role_end_tokens_at_once() {
    let harness = Harness::start().await;
    let local = harness.local();
    let revoked = token(&harness, "operator", "one", Operator).await;
    let lowered = token(&harness, "operator", "two", Operator).await;
    let removed = token(&harness, "operator", "three", Auditor).await;
    local.revoke_api_token("one").await.unwrap();
    assert_eq!(code(revoked.cluster().await), "bad-credentials");
    assert_eq!(code(local.revoke_api_token("one").await), "not-found");
    let lower = AdministratorChange { password: None, role: Some(Auditor), ..AdministratorChange::default() };
    local.put_administrator("operator", &lower).await.unwrap();
    assert_eq!(code(lowered.cluster().await), "bad-credentials");
    removed.cluster().await.unwrap();
    local.delete_administrator("operator").await.unwrap();
    assert_eq!(code(removed.cluster().await), "bad-credentials");
    assert!(local.api_tokens().await.unwrap().is_empty());
    harness.stop().await;
}

#[actix_web::test]
async fn a_token_that_has_expired_is_refused_before_its_row_is_gone() {
    let harness = Harness::start().await;
    let client = token(&harness, "root", "short", Auditor).await;
    harness.ledger.expire_api_tokens();
    assert_eq!(code(client.cluster().await), "bad-credentials");
    assert_eq!(harness.local().api_tokens().await.unwrap().len(), 1);
    harness.stop().await;
}

#[actix_web::test]
async fn only_the_local_token_makes_them_for_others() {
    let harness = Harness::start().await;
    let (local, root) = (harness.local(), harness.with_password("root", PASSWORD));
    let error = local.create_api_token(&request("x", Auditor)).await.unwrap_err();
    assert_eq!(error.problem().unwrap().field.as_deref(), Some("owner"));
    let for_other = |owner: &str| ApiTokenRequest { owner: Some(owner.to_owned()), ..request("x", Auditor) };
    assert_eq!(code(root.create_api_token(&for_other("operator")).await), "forbidden");
    assert_eq!(code(local.create_api_token(&for_other("nobody")).await), "not-found");
    let made = local.create_api_token(&for_other("operator")).await.unwrap();
    assert_eq!((made.view.owner.as_str(), made.view.created_by.as_str()), ("operator", "local"));
    assert_eq!(code(root.create_api_token(&request("x", Auditor)).await), "name-taken");
    let auditor = harness.with_password("auditor", PASSWORD);
    assert_eq!(code(auditor.revoke_api_token("x").await), "forbidden");
    harness.with_password("operator", PASSWORD).revoke_api_token("x").await.unwrap();
    harness.stop().await;
}

#[actix_web::test]
async fn what_is_out_of_bounds_is_refused_by_field() {
    let harness = Harness::start().await;
    let client = harness.with_password("root", PASSWORD);
    let good = request("x", Auditor);
    for (wrong, field) in [
        (ApiTokenRequest { name: "../x".to_owned(), ..good.clone() }, "name"),
        (ApiTokenRequest { lifetime_s: Some(59), ..good.clone() }, "lifetime_s"),
        (ApiTokenRequest { lifetime_s: Some(u64::MAX), ..good.clone() }, "lifetime_s"),
        (ApiTokenRequest { description: Some("x".repeat(201)), ..good.clone() }, "description"),
        (ApiTokenRequest { description: Some("a\nb".to_owned()), ..good.clone() }, "description"),
    ] {
        let error = client.create_api_token(&wrong).await.unwrap_err();
        let problem = error.problem().unwrap();
        assert_eq!((problem.code.as_str(), problem.field.as_deref()), ("invalid-value", Some(field)));
    }
    for text in ["flt_", "flt_AAAA", &format!("flt_{}", "A".repeat(43))] {
        assert_eq!(code(harness.client(Login::Token(text.to_owned().into())).cluster().await), "bad-credentials");
    }
    harness.stop().await;
}

#[actix_web::test]
async fn a_repeated_request_makes_no_second_token_and_is_answered_alike() {
    let harness = Harness::start().await;
    for (path, body, other) in [
        ("api-tokens", r#"{"name": "one", "role": "auditor"}"#, r#"{"name": "two", "role": "auditor"}"#),
        ("join-tokens", r#"{"lifetime_s": 60}"#, r#"{"lifetime_s": 61}"#),
    ] {
        let url = format!("{}/api/v2.0/{path}", harness.url());
        let post = |key: &'static str, body: &'static str| {
            let request = harness.raw().post(&url).basic_auth("root", Some(PASSWORD)).header("idempotency-key", key);
            request.header("content-type", "application/json").body(body).send()
        };
        let first = post("k1", body).await.unwrap();
        assert_eq!(first.status(), 200, "{path}");
        let first = first.bytes().await.unwrap();
        let index = harness.ledger.state().audit.len();
        let again = post("k1", body).await.unwrap();
        assert_eq!((again.status().as_u16(), again.bytes().await.unwrap()), (200, first.clone()), "{path}");
        assert_eq!(harness.ledger.state().audit.len(), index, "{path}: nothing was done");
        let reused = post("k1", other).await.unwrap();
        assert_eq!(reused.status(), 422, "{path}");
        assert_eq!(post("", body).await.unwrap().status(), 400, "{path}");
        let sealed = format!("{:?}", harness.ledger.state().requests.values().collect::<Vec<_>>());
        let token = serde_json::from_slice::<serde_json::Value>(&first).unwrap()["token"].as_str().unwrap().to_owned();
        assert!(!sealed.contains(&token), "{path}");
    }
    // The other administrator's key of the same name is another one.
    assert_eq!(harness.ledger.state().requests.len(), 2);
    let url = format!("{}/api/v2.0/api-tokens", harness.url());
    let request = harness.raw().post(&url).basic_auth("auditor", Some(PASSWORD)).header("idempotency-key", "k1");
    let body = r#"{"name": "three", "role": "auditor"}"#;
    let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    // What was revoked does not come back by a repeated request.
    harness.local().revoke_api_token("one").await.unwrap();
    let request = harness.raw().post(&url).basic_auth("root", Some(PASSWORD)).header("idempotency-key", "k1");
    let body = r#"{"name": "one", "role": "auditor"}"#;
    let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(harness.local().api_tokens().await.unwrap().iter().all(|token| token.name != "one"));
    harness.stop().await;
}
