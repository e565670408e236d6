//! The interface as it describes itself, against what is served.

use std::collections::BTreeSet;

use flotilla_admin::api::{ApiTokenRequest, BASE_PATH, Problem};
use flotilla_model::AdministratorRole;
use reqwest::Method;
use serde_json::Value;

use crate::harness::{Harness, NOW_MS};

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

async fn document(harness: &Harness) -> Value {
    // Without credentials: it is open to all.
    let answer = harness.raw().get(format!("{}{BASE_PATH}/openapi.json", harness.url())).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

/// Path, method and description of each operation.
fn operations(document: &Value) -> Vec<(String, Method, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            let described = &item[method.as_str().to_lowercase()];
            if described.is_object() {
                all.push((path.clone(), method, described.clone()));
            }
        }
    }
    all
}

fn known_sorted(known: &[&str]) -> Vec<String> {
    let mut known: Vec<String> = known.iter().map(|method| (*method).to_owned()).collect();
    known.sort();
    known
}

/// A path of this form.
fn filled(path: &str) -> String {
    path.replace("{id}", "7")
        .replace("{node}", "2")
        .replace("{code}", "not-found")
        .replace("{alias}", "cluster")
        .replace("{fingerprint}", &"0".repeat(64))
        .replace("{account}", "ann")
        .replace("{name}", "ann")
}

fn request(harness: &Harness, method: &Method, path: &str) -> reqwest::RequestBuilder {
    let url = format!("{}{}", harness.url(), filled(path));
    harness.raw().request(method.clone(), url).header("content-type", "application/json").body("{}")
}

#[actix_web::test]
async fn what_is_described_is_served_and_nothing_else() {
    let harness = Harness::start().await;
    let document = document(&harness).await;
    let described = operations(&document);
    assert!(described.len() > 80, "{}", described.len());
    for (path, item) in document["paths"].as_object().unwrap() {
        let known: Vec<&str> = METHODS
            .iter()
            .filter(|method| item[method.as_str().to_lowercase()].is_object())
            .map(Method::as_str)
            .collect();
        for method in METHODS {
            let answer = request(&harness, &method, path).bearer_auth(harness.token.expose()).send().await.unwrap();
            let (status, allowed) = (answer.status(), answer.headers().get("allow").cloned());
            // A stream has no end to wait for.
            let is_stream = answer.headers().get("content-type").is_some_and(|value| value == "text/event-stream");
            let body = if is_stream { Vec::new() } else { answer.bytes().await.unwrap().to_vec() };
            let text = String::from_utf8_lossy(&body);
            assert!(!text.contains("there is nothing at"), "{method} {path} is described and not served");
            if known.contains(&method.as_str()) {
                assert_ne!(status, 405, "{method} {path} is described and not served");
                let status = status.as_str();
                let answers = &item[method.as_str().to_lowercase()]["responses"];
                assert!(
                    answers[status].is_object(),
                    "{method} {path} answers {status}, which is not described: {text}"
                );
            } else {
                assert_eq!(status, 405, "{method} {path} is served and not described");
                let allowed: BTreeSet<String> =
                    allowed.unwrap().to_str().unwrap().split(", ").map(str::to_owned).collect();
                // HEAD is served with GET, and not described.
                let described = allowed.into_iter().filter(|method| method != "HEAD");
                assert_eq!(described.collect::<Vec<_>>(), known_sorted(&known), "{path}");
            }
        }
    }
    harness.stop().await;
}

/// Operations that let delegates in: for what belongs to their accounts, and for what is their own.
const FOR_DELEGATES: [&str; 37] = [
    "addAdministratorCertificate",
    "cancelAccountUpload",
    "cancelEvent",
    "cancelEvents",
    "confirmSecondFactor",
    "createApiToken",
    "discardEvent",
    "discardEvents",
    "endAccountSession",
    "endCurrentSession",
    "endSession",
    "enrolSecondFactor",
    "getAccount",
    "getAdministrator",
    "getCurrentSession",
    "getEvent",
    "getRoute",
    "getStatistics",
    "getTransfer",
    "listAccountSessions",
    "listAccountUploads",
    "listAccounts",
    "listAdministratorCertificates",
    "listEventIds",
    "listEvents",
    "listRoutes",
    "listTransfers",
    "patchAccount",
    "patchAdministrator",
    "putAccount",
    "putAdministrator",
    "removeAdministratorCertificate",
    "resolveEvent",
    "resolveEvents",
    "retryEvent",
    "retryEvents",
    "revokeApiToken",
];

#[actix_web::test]
async fn who_may_call_an_operation_is_told_as_it_is() {
    let harness = Harness::start().await;
    let document = document(&harness).await;
    let token = |name: &str, role| ApiTokenRequest {
        name: name.to_owned(),
        role,
        lifetime_s: None,
        description: None,
        owner: Some("root".to_owned()),
    };
    let client = harness.local();
    harness.ledger.apply(flotilla_model::Command::PutDelegate {
        name: flotilla_model::AccountName::parse("dora").unwrap(),
        password_hash: Some(String::new()),
        must_change_password: false,
        accounts: Vec::new(),
        now_ms: NOW_MS,
    });
    let of_dora =
        ApiTokenRequest { owner: Some("dora".to_owned()), ..token("looks-after", AdministratorRole::Delegate) };
    let delegate = client.create_api_token(&of_dora).await.unwrap().token;
    let mut admitting = Vec::new();
    let auditor = client.create_api_token(&token("reads", AdministratorRole::Auditor)).await.unwrap().token;
    let operator = client.create_api_token(&token("steers", AdministratorRole::Operator)).await.unwrap().token;
    for (path, method, described) in operations(&document) {
        let role = described["x-role"].as_str().unwrap();
        let is_open = matches!(role, "none" | "join token");
        assert_eq!(described["security"].as_array().unwrap().is_empty(), is_open, "{method} {path}");
        let answer = request(&harness, &method, &path).send().await.unwrap();
        assert!(answer.status() == 401 || is_open, "{method} {path} takes {role} and was answered without: {answer:?}");
        let admits_delegates = described["x-delegate"] == true;
        if admits_delegates {
            admitting.push(described["operationId"].as_str().unwrap().to_owned());
        }
        for (given, secret) in [("auditor", &auditor), ("operator", &operator), ("delegate", &delegate)] {
            let is_refused = match given {
                "delegate" => !admits_delegates && !is_open,
                _ => role == "administrator" || (role == "operator" && given == "auditor"),
            };
            if is_refused {
                let answer = request(&harness, &method, &path).bearer_auth(secret).send().await.unwrap();
                assert_eq!(answer.status(), 403, "{method} {path} with the role {given}");
                let problem: Problem = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
                assert_eq!(problem.code, "forbidden");
            }
        }
    }
    admitting.sort();
    assert_eq!(admitting, FOR_DELEGATES, "who adds one keeps to the scope, and says so here");
    harness.stop().await;
}

#[actix_web::test]
async fn the_description_is_whole() {
    let harness = Harness::start().await;
    let document = document(&harness).await;
    assert_eq!(document["openapi"], "3.1.0");
    let tags: Vec<&str> = document["tags"].as_array().unwrap().iter().filter_map(|tag| tag["name"].as_str()).collect();
    let (mut ids, mut used) = (BTreeSet::new(), BTreeSet::new());
    for (path, method, described) in operations(&document) {
        let id = described["operationId"].as_str().unwrap();
        assert!(!id.is_empty() && ids.insert(id.to_owned()), "{method} {path} has no id of its own: {id:?}");
        assert!(!described["summary"].as_str().unwrap().is_empty(), "{id} says nothing");
        let tag = described["tags"][0].as_str().unwrap();
        assert!(tags.contains(&tag), "{id} is in the chapter {tag}");
        used.insert(tag.to_owned());
        let answers = described["responses"].as_object().unwrap();
        assert!(answers.keys().any(|status| status.starts_with('2')), "{id} succeeds with nothing");
        let parameters = described["parameters"].as_array().cloned().unwrap_or_default();
        let in_path: Vec<&str> =
            parameters.iter().filter(|one| one["in"] == "path").filter_map(|one| one["name"].as_str()).collect();
        let named: Vec<&str> = path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        assert_eq!(in_path, named, "{id}");
    }
    assert_eq!(used.len(), tags.len(), "a chapter is empty");
    for (path, item) in [("accounts", "AccountView"), ("servers", "ServerView"), ("logs/audit", "AuditView")] {
        let answer = &document["paths"][format!("{BASE_PATH}/{path}")]["get"]["responses"]["200"];
        let page = answer["content"]["application/json"]["schema"]["$ref"].as_str().unwrap();
        let items = &document.pointer(page.trim_start_matches('#')).unwrap()["properties"]["items"];
        assert_eq!(items["items"]["$ref"], format!("#/components/schemas/{item}"), "{path}");
    }
    let mut lost = Vec::new();
    references(&document, &document, &mut lost);
    assert!(lost.is_empty(), "these references lead nowhere: {lost:?}");
    harness.stop().await;
}

fn references(document: &Value, part: &Value, lost: &mut Vec<String>) {
    match part {
        Value::Object(fields) => {
            if let Some(target) = fields.get("$ref").and_then(Value::as_str)
                && document.pointer(target.trim_start_matches('#')).is_none()
            {
                lost.push(target.to_owned());
            }
            fields.values().for_each(|field| references(document, field, lost));
        }
        Value::Array(items) => items.iter().for_each(|item| references(document, item, lost)),
        _ => {}
    }
}

async fn read(harness: &Harness, path: &str, accept: &str) -> (reqwest::header::HeaderMap, String) {
    let answer = harness.raw().get(format!("{}{path}", harness.url())).header("accept", accept).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    let headers = answer.headers().clone();
    (headers, String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned())
}

#[actix_web::test]
async fn people_read_pages_without_scripts_and_without_others() {
    let harness = Harness::start().await;
    let document = document(&harness).await;
    let (headers, page) = read(&harness, &format!("{BASE_PATH}/"), "text/html").await;
    let policy = headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'") && !policy.contains("unsafe"), "{policy}");
    for (_, _, described) in operations(&document) {
        let id = described["operationId"].as_str().unwrap();
        assert!(page.contains(&format!("id=\"{id}\"")), "{id} is not on the page");
    }
    let (headers, problem) = read(&harness, &format!("{BASE_PATH}/problems/wrong-state"), "text/html,*/*").await;
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    let mut followed = BTreeSet::new();
    for page in [&page, &problem] {
        assert!(
            !page.contains("<script") && !page.contains("style=") && !page.contains("src="),
            "not of the page itself"
        );
        for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            match link.strip_prefix('#') {
                Some(anchor) => assert!(page.contains(&format!("id=\"{anchor}\"")), "{link} leads nowhere"),
                None if followed.insert(link.to_owned()) => drop(read(&harness, link, "*/*").await),
                None => {}
            }
        }
    }
    let (headers, text) = read(&harness, &format!("{BASE_PATH}/problems/wrong-state"), "*/*").await;
    assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
    assert!(text.starts_with("wrong-state: ") && text.contains("status: 409"), "{text}");
    let unknown = harness.raw().get(format!("{}{BASE_PATH}/problems/nonsense", harness.url())).send().await.unwrap();
    assert_eq!(unknown.status(), 404);
    harness.stop().await;
}
