//! The second factor: enrolled, confirmed, asked for, used once, reset.

use flotilla_admin::api::{AuditQuery, BASE_PATH, SecondFactorEnrolment};
use flotilla_model::AccountName;
use reqwest::Response;
use serde_json::{Value, json};
use totp_rs::Totp;

use crate::harness::{Harness, PASSWORD, code};

async fn log_in(harness: &Harness, code: Option<&str>) -> Response {
    let request = harness.raw().post(format!("{}{BASE_PATH}/sessions", harness.url()));
    let mut body = json!({"name": "root", "password": PASSWORD});
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap()
}

async fn refusal(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let problem: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    (status, problem["code"].as_str().unwrap().to_owned())
}

fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// The code of the present step or the next: good whenever the step changes meanwhile.
fn code_at(enrolment: &SecondFactorEnrolment, steps: u64) -> String {
    let totp = Totp::from_url(&enrolment.uri).unwrap();
    totp.generate(now_s() + steps * 30).to_string()
}

/// Root has a second factor, confirmed by the code of now: the one of the next step is unused.
async fn enrolled(harness: &Harness) -> SecondFactorEnrolment {
    let root = harness.with_password("root", PASSWORD);
    let enrolment = root.enrol_second_factor("root").await.unwrap();
    root.confirm_second_factor("root", &code_at(&enrolment, 0)).await.unwrap();
    enrolment
}

#[actix_web::test]
async fn a_factor_is_asked_for_once_it_is_confirmed() {
    let harness = Harness::start().await;
    let root = harness.with_password("root", PASSWORD);
    assert_eq!(code(root.confirm_second_factor("root", "123456").await), "not-found");
    let enrolment = root.enrol_second_factor("root").await.unwrap();
    assert!(!format!("{enrolment:?}").contains(&enrolment.secret));
    assert_eq!(log_in(&harness, None).await.status(), 201, "nobody has shown yet that they can make codes");
    assert_eq!(code(root.confirm_second_factor("root", "abcdef").await), "invalid-value");
    root.confirm_second_factor("root", &code_at(&enrolment, 0)).await.unwrap();
    assert_eq!(code(root.cluster().await), "second-factor-required", "HTTP Basic has no place for a code");
    assert_eq!(code(harness.with_password("root", "wrong password").cluster().await), "bad-credentials");
    assert_eq!(refusal(log_in(&harness, None).await).await, (401, "second-factor-required".to_owned()));
    assert_eq!(refusal(log_in(&harness, Some("abcdef")).await).await, (401, "bad-credentials".to_owned()));
    let response = log_in(&harness, Some(&code_at(&enrolment, 1))).await;
    assert_eq!(response.status(), 201);
    let row = harness.local().audit_log(&AuditQuery::default()).await.unwrap().items.remove(0);
    assert_eq!(row.credential.as_deref(), Some("password and code"));
    let listed = harness.local().administrators().await.unwrap();
    assert!(listed.iter().all(|row| row.has_second_factor == (row.name == "root")));
    harness.stop().await;
}

#[actix_web::test]
async fn a_code_is_good_once_and_so_is_a_recovery_code() {
    let harness = Harness::start().await;
    let enrolment = enrolled(&harness).await;
    let next = code_at(&enrolment, 1);
    assert_eq!(log_in(&harness, Some(&next)).await.status(), 201);
    assert_eq!(refusal(log_in(&harness, Some(&next)).await).await, (401, "second-factor-required".to_owned()));
    let recovery = enrolment.recovery_codes[4].to_uppercase();
    assert_eq!(log_in(&harness, Some(&recovery)).await.status(), 201);
    let row = harness.local().audit_log(&AuditQuery::default()).await.unwrap().items.remove(0);
    assert_eq!(row.credential.as_deref(), Some("password and recovery code"));
    assert_eq!(refusal(log_in(&harness, Some(&recovery)).await).await, (401, "bad-credentials".to_owned()));
    assert_eq!(log_in(&harness, Some(&enrolment.recovery_codes[5])).await.status(), 201);
    harness.stop().await;
}

#[actix_web::test]
async fn only_the_administrator_enrols_it_and_only_another_resets_it() {
    let harness = Harness::start().await;
    let (root, local) = (harness.with_password("root", PASSWORD), harness.local());
    assert_eq!(code(root.enrol_second_factor("operator").await), "forbidden");
    assert_eq!(code(local.enrol_second_factor("root").await), "forbidden");
    let auditor = harness.with_password("auditor", PASSWORD);
    let enrolment = auditor.enrol_second_factor("auditor").await.unwrap();
    auditor.confirm_second_factor("auditor", &code_at(&enrolment, 0)).await.unwrap();
    assert_eq!(code(harness.with_password("operator", PASSWORD).reset_second_factor("auditor").await), "forbidden");
    assert_eq!(code(root.reset_second_factor("root").await), "forbidden");
    assert_eq!(code(root.reset_second_factor("operator").await), "not-found");
    root.reset_second_factor("auditor").await.unwrap();
    auditor.cluster().await.unwrap();
    enrolled(&harness).await;
    local.reset_second_factor("root").await.unwrap();
    root.cluster().await.unwrap();
    harness.stop().await;
}

#[actix_web::test]
async fn the_log_holds_neither_secret_nor_codes_in_clear() {
    let harness = Harness::start().await;
    let enrolment = enrolled(&harness).await;
    let root = AccountName::parse("root").unwrap();
    let mut bytes = Vec::new();
    harness.ledger.state().encode_snapshot(&mut bytes).unwrap();
    let secret = Totp::from_url(&enrolment.uri).unwrap().secret().as_bytes().to_vec();
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(!holds(&secret) && !holds(enrolment.secret.as_bytes()));
    assert!(enrolment.recovery_codes.iter().all(|code| !holds(code.as_bytes())));
    assert_eq!(harness.ledger.state().second_factors.get(&root).unwrap().recovery_codes.len(), 10);
    harness.stop().await;
}
