//! Sessions: what a cookie is good for, and what ends it.

use flotilla_admin::api::{AdministratorChange, AuditQuery, BASE_PATH, CurrentSession, Page, SessionView};
use flotilla_model::{AdministratorRole, Command};
use flotilla_pki::{ClusterSecret, SecretSet};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::harness::{Harness, PASSWORD, code};

/// A browser: a cookie, and the token that its page knows.
struct Browser {
    http: reqwest::Client,
    base: String,
    cookie: String,
    csrf: String,
}

async fn log_in(harness: &Harness, name: &str, password: &str) -> Response {
    let request = harness.raw().post(format!("{}{BASE_PATH}/sessions", harness.url()));
    let body = json!({"name": name, "password": password}).to_string();
    request
        .header("content-type", "application/json")
        .header("user-agent", "a browser")
        .body(body)
        .send()
        .await
        .unwrap()
}

fn cookie_of(response: &Response) -> Option<String> {
    let header = response.headers().get("set-cookie")?.to_str().unwrap();
    header.split(';').next().map(str::to_owned)
}

impl Browser {
    async fn of(harness: &Harness, name: &str) -> Self {
        let response = log_in(harness, name, PASSWORD).await;
        assert_eq!(response.status(), 201);
        let cookie = cookie_of(&response).unwrap();
        let session: CurrentSession = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        Self { http: harness.raw(), base: format!("{}{BASE_PATH}", harness.url()), cookie, csrf: session.csrf_token }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/{path}", self.base)).header("cookie", &self.cookie)
    }

    async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    async fn change(&self, method: Method, path: &str, body: &Value) -> Response {
        let request = self.request(method, path).header("x-csrf-token", &self.csrf);
        request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap()
    }
}

async fn refusal(response: Response) -> String {
    assert!(!response.status().is_success());
    let problem: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    problem["code"].as_str().unwrap().to_owned()
}

async fn read<T: serde::de::DeserializeOwned>(response: Response) -> T {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

#[actix_web::test]
async fn a_log_in_answers_a_cookie_that_browsers_keep_to_themselves() {
    let harness = Harness::start().await;
    let response = log_in(&harness, "root", PASSWORD).await;
    let header = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(header.starts_with("__Host-flotilla-session="), "{header}");
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(header.split("; ").any(|part| part == attribute), "{header} lacks {attribute}");
    }
    let session: CurrentSession = read(response).await;
    assert_eq!((session.view.administrator.as_str(), session.role), ("root", AdministratorRole::Administrator));
    assert_eq!((session.view.user_agent.as_str(), session.idle_timeout_s), ("a browser", 900));
    let row = harness.local().audit_log(&AuditQuery::default()).await.unwrap().items.remove(0);
    assert_eq!((row.operation.as_str(), row.who.as_str()), ("session.open", "root"));
    assert_eq!(row.credential.as_deref(), Some("password"));
    harness.stop().await;
}

#[actix_web::test]
async fn reading_takes_the_cookie_and_changing_the_token_of_the_page_too() {
    let harness = Harness::start().await;
    let browser = Browser::of(&harness, "root").await;
    let current: CurrentSession = read(browser.get("sessions/current").await).await;
    assert_eq!(current.csrf_token, browser.csrf);
    let body = json!({"value": "1"});
    let path = "configurations/options/Files.replicas";
    let forged = browser.request(Method::PUT, path).header("content-type", "application/json").body(body.to_string());
    assert_eq!(refusal(forged.send().await.unwrap()).await, "csrf-token-wrong");
    let wrong = Browser {
        csrf: "A".repeat(22),
        cookie: browser.cookie.clone(),
        base: browser.base.clone(),
        http: browser.http.clone(),
    };
    assert_eq!(refusal(wrong.change(Method::PUT, path, &body).await).await, "csrf-token-wrong");
    assert_eq!(browser.change(Method::PUT, path, &body).await.status(), 200);
    let row = harness.local().audit_log(&AuditQuery::default()).await.unwrap().items.remove(0);
    assert_eq!(row.credential.as_deref(), Some(format!("session {}", current.view.id).as_str()));
    let other_site = browser.request(Method::GET, "cluster").header("sec-fetch-site", "cross-site");
    assert_eq!(refusal(other_site.send().await.unwrap()).await, "cross-site");
    harness.stop().await;
}

#[actix_web::test]
async fn another_sites_page_logs_nobody_in() {
    let harness = Harness::start().await;
    let request = harness.raw().post(format!("{}{BASE_PATH}/sessions", harness.url()));
    let body = json!({"name": "root", "password": PASSWORD}).to_string();
    let request = request.header("sec-fetch-site", "cross-site").header("content-type", "application/json").body(body);
    assert_eq!(refusal(request.send().await.unwrap()).await, "cross-site");
    for (name, password) in [("root", "wrong password"), ("nobody", PASSWORD), ("../x", PASSWORD), ("", "")] {
        let response = log_in(&harness, name, password).await;
        assert!(cookie_of(&response).is_none());
        assert_eq!(refusal(response).await, "bad-credentials");
    }
    assert!(harness.ledger.state().login_sessions.is_empty());
    harness.stop().await;
}

#[actix_web::test]
async fn a_session_has_the_role_of_its_administrator() {
    let harness = Harness::start().await;
    let [auditor, operator] = [Browser::of(&harness, "auditor").await, Browser::of(&harness, "operator").await];
    let body = json!({"value": "1"});
    let refused = auditor.change(Method::PUT, "configurations/options/Files.replicas", &body).await;
    assert_eq!(refusal(refused).await, "forbidden");
    assert_eq!(auditor.get("cluster").await.status(), 200);
    let sessions: Page<SessionView> = read(auditor.get("sessions").await).await;
    let others = sessions.items.iter().find(|session| session.administrator == "operator").unwrap();
    assert!(!others.is_current && sessions.items.iter().any(|session| session.is_current));
    let refused = auditor.change(Method::DELETE, &format!("sessions/{}", others.id), &json!({})).await;
    assert_eq!(refusal(refused).await, "forbidden");
    assert_eq!(operator.get("cluster").await.status(), 200);
    harness.stop().await;
}

#[actix_web::test]
async fn sessions_are_listed_and_ended() {
    let harness = Harness::start().await;
    let local = harness.local();
    let [first, second] = [Browser::of(&harness, "root").await, Browser::of(&harness, "root").await];
    assert_eq!(local.sessions().await.unwrap().len(), 2);
    let response = first.change(Method::DELETE, "sessions/current", &json!({})).await;
    assert!(response.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(refusal(first.get("cluster").await).await, "session-over");
    let id = local.sessions().await.unwrap().remove(0).id;
    local.end_session(&id).await.unwrap();
    assert_eq!(refusal(second.get("cluster").await).await, "session-over");
    assert_eq!(code(local.end_session(&id).await), "not-found");
    assert_eq!(code(local.end_session("x").await), "invalid-value");
    let without = harness.raw().get(format!("{}{BASE_PATH}/sessions/current", harness.url()));
    let without = without.bearer_auth(harness.token.expose()).send().await.unwrap();
    assert_eq!(refusal(without).await, "not-found");
    harness.stop().await;
}

#[actix_web::test]
async fn a_new_password_a_new_role_and_removal_end_them() {
    let harness = Harness::start().await;
    let local = harness.local();
    let change = |password: Option<&str>, role| AdministratorChange {
        password: password.map(str::to_owned),
        role,
        ..AdministratorChange::default()
    };
    let browser = Browser::of(&harness, "operator").await;
    local.put_administrator("operator", &change(None, Some(AdministratorRole::Auditor))).await.unwrap();
    assert_eq!(refusal(browser.get("cluster").await).await, "session-over");
    let browser = Browser::of(&harness, "operator").await;
    let own = json!({"password": "another password"});
    assert_eq!(browser.change(Method::PUT, "administrators/operator", &own).await.status(), 200);
    assert_eq!(refusal(browser.get("cluster").await).await, "session-over");
    let browser = Browser::of(&harness, "auditor").await;
    local.delete_administrator("auditor").await.unwrap();
    assert_eq!(refusal(browser.get("cluster").await).await, "session-over");
    harness.stop().await;
}

#[actix_web::test]
async fn an_idle_session_ends_and_a_used_one_goes_on() {
    let harness = Harness::start().await;
    let mut browser = Browser::of(&harness, "root").await;
    assert!(cookie_of(&browser.get("cluster").await).is_none(), "a fresh cookie is not given out anew");
    browser.cookie = harness.aged_cookie(&browser.cookie, 100_000);
    let renewed = cookie_of(&browser.get("cluster").await).unwrap();
    assert_ne!(renewed, browser.cookie);
    browser.cookie = renewed;
    assert_eq!(browser.get("cluster").await.status(), 200);
    browser.cookie = harness.aged_cookie(&browser.cookie, 901_000);
    assert_eq!(refusal(browser.get("cluster").await).await, "session-over");
    harness.stop().await;
}

#[actix_web::test]
async fn a_session_outlives_a_change_of_the_cluster_secret_and_forged_cookies_are_nothing() {
    let harness = Harness::start().await;
    let mut browser = Browser::of(&harness, "root").await;
    let new = ClusterSecret::generate().unwrap();
    harness.secrets.publish(SecretSet::new(new.clone()).accepting(harness.secret.clone()));
    let renewed = cookie_of(&browser.get("cluster").await).expect("a cookie under the new secret");
    harness.secrets.publish(SecretSet::new(new));
    assert_eq!(refusal(browser.get("cluster").await).await, "session-over", "the old secret opens nothing any more");
    browser.cookie = renewed;
    assert_eq!(browser.get("cluster").await.status(), 200);
    let cut = browser.cookie[..browser.cookie.len() - 2].to_owned();
    for forged in ["__Host-flotilla-session=AAAA", "__Host-flotilla-session=!", cut.as_str()] {
        browser.cookie = forged.to_owned();
        assert_eq!(refusal(browser.get("cluster").await).await, "session-over");
    }
    harness.stop().await;
}

#[actix_web::test]
async fn a_given_out_password_opens_a_session_that_is_good_for_changing_it() {
    let harness = Harness::start().await;
    let browser = Browser::of(&harness, "first").await;
    assert_eq!(refusal(browser.get("cluster").await).await, "password-change-required");
    let own = json!({"password": "another password"});
    assert_eq!(browser.change(Method::PUT, "administrators/first", &own).await.status(), 200);
    harness.stop().await;
}

#[actix_web::test]
async fn the_end_of_its_life_ends_a_session_before_its_row_is_gone() {
    let harness = Harness::start().await;
    let browser = Browser::of(&harness, "root").await;
    let (id, session) =
        harness.ledger.state().login_sessions.iter().map(|(id, row)| (*id, row.clone())).next().unwrap();
    let version = harness.ledger.state().administrators.get(&session.administrator).unwrap().version;
    harness.ledger.apply(Command::OpenLoginSession {
        id,
        administrator: session.administrator,
        administrator_version: version,
        expires_ms: session.created_ms,
        remote: session.remote,
        user_agent: session.user_agent,
        proof: None,
        now_ms: session.created_ms,
    });
    assert_eq!(refusal(browser.get("cluster").await).await, "session-over");
    harness.stop().await;
}

#[actix_web::test]
async fn scripts_of_a_page_are_not_asked_for_basic() {
    let harness = Harness::start().await;
    let challenge = async |mode: Option<&str>| {
        let request = harness.raw().get(format!("{}{BASE_PATH}/sessions/current", harness.url()));
        let request = mode.iter().fold(request, |request, mode| request.header("sec-fetch-mode", *mode));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401);
        response.headers()["www-authenticate"].to_str().unwrap().split(' ').next().unwrap().to_owned()
    };
    assert_eq!(challenge(None).await, "Basic");
    assert_eq!(challenge(Some("navigate")).await, "Basic");
    assert_eq!(challenge(Some("cors")).await, "Session");
    harness.stop().await;
}
