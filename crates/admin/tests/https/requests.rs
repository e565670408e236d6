//! Requests that are wrong as such.

use flotilla_admin::api::{BASE_PATH, Problem};
use reqwest::Method;

use crate::harness::Harness;

async fn send(harness: &Harness, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Problem {
    let url = format!("{}{path}", harness.url());
    let mut request = harness.raw().request(method, url).bearer_auth(harness.token.expose()).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], Problem::CONTENT_TYPE, "{path}");
    let problem: Problem = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(problem.status, status);
    assert_eq!(problem.kind, format!("{BASE_PATH}/problems/{}", problem.code));
    let page = harness.raw().get(format!("{}{}", harness.url(), problem.kind)).send().await.unwrap();
    assert_eq!(page.status(), 200, "{} leads nowhere", problem.kind);
    problem
}

/// Method, path, headers, body; status and code of the refusal.
type Case<'a> = (Method, &'a str, Vec<(&'a str, &'a str)>, Vec<u8>, u16, &'a str);

const RETRY: &str = "/api/v2.0/events/operations/retry";
const JSON: (&str, &str) = ("content-type", "application/json");

#[actix_web::test]
async fn every_refusal_is_a_problem_document() {
    let harness = Harness::start().await;
    let account = &format!("{BASE_PATH}/accounts/ann");
    let big = vec![b' '; 300 * 1024];
    let cases: Vec<Case<'_>> = vec![
        (Method::GET, "/nowhere", vec![], vec![], 404, "not-found"),
        (Method::GET, "/api/v2.0/nowhere", vec![], vec![], 404, "not-found"),
        (Method::POST, account, vec![JSON], b"{}".to_vec(), 405, "method-not-allowed"),
        (Method::PUT, account, vec![], b"{}".to_vec(), 415, "invalid-body"),
        (Method::PUT, account, vec![("content-type", "text/plain")], b"{}".to_vec(), 415, "invalid-body"),
        (Method::PUT, account, vec![JSON], b"{".to_vec(), 400, "invalid-body"),
        (Method::PUT, account, vec![JSON], br#"{"pasword": "x"}"#.to_vec(), 400, "invalid-body"),
        (Method::PUT, account, vec![JSON], big, 413, "body-too-large"),
        (Method::PUT, account, vec![JSON, ("if-match", "new")], b"{}".to_vec(), 400, "invalid-value"),
        (Method::GET, "/api/v2.0/logs/transfers/abc", vec![], vec![], 400, "invalid-value"),
        (Method::GET, "/api/v2.0/logs/transfers?limit=0", vec![], vec![], 400, "invalid-value"),
        (Method::GET, "/api/v2.0/logs/transfers?limt=5", vec![], vec![], 400, "invalid-value"),
        (Method::GET, "/api/v2.0/logs/transfers?state=done", vec![], vec![], 400, "invalid-value"),
        (Method::GET, "/api/v2.0/events?state=done", vec![], vec![], 400, "invalid-value"),
        (Method::GET, "/api/v2.0/events?created_before=yesterday", vec![], vec![], 400, "invalid-value"),
        (Method::GET, "/api/v2.0/events?kind=%00", vec![], vec![], 400, "invalid-value"),
        (Method::GET, "/api/v2.0/events/ids?limit=-1", vec![], vec![], 400, "invalid-value"),
        (Method::GET, "/api/v2.0/events/operations/retry", vec![], vec![], 405, "method-not-allowed"),
        (Method::POST, RETRY, vec![JSON], b"{}".to_vec(), 400, "invalid-body"),
        (Method::POST, RETRY, vec![], br#"{"ids": [1]}"#.to_vec(), 415, "invalid-body"),
        (Method::POST, RETRY, vec![JSON], br#"{"ids": [-1]}"#.to_vec(), 400, "invalid-body"),
        (Method::POST, RETRY, vec![JSON], br#"{"ids": ["1"]}"#.to_vec(), 400, "invalid-body"),
        (Method::POST, RETRY, vec![JSON], br#"{"ids": [1e30]}"#.to_vec(), 400, "invalid-body"),
        (Method::POST, RETRY, vec![JSON], br#"{"ids": [1], "all": true}"#.to_vec(), 400, "invalid-body"),
        (
            Method::POST,
            RETRY,
            vec![JSON],
            format!("{{\"ids\": [{}1]}}", "1,".repeat(100_000)).into_bytes(),
            400,
            "invalid-value",
        ),
        (Method::PATCH, "/api/v2.0/lanes/ann", vec![JSON], br#"{"weight": -1}"#.to_vec(), 400, "invalid-body"),
        (Method::PATCH, "/api/v2.0/lanes/ann", vec![JSON], br#"{"paused": true}"#.to_vec(), 400, "invalid-body"),
        (Method::PATCH, "/api/v2.0/lanes/a%2Fb", vec![JSON], br#"{"weight": 1}"#.to_vec(), 400, "invalid-value"),
        (Method::GET, "/api/v2.0/lanes/nowhere", vec![], vec![], 404, "not-found"),
        (Method::PUT, "/api/v2.0/routes/ann?kid=x", vec![JSON], br#"{"steps": []}"#.to_vec(), 400, "invalid-value"),
        (
            Method::PUT,
            "/api/v2.0/routes/ann",
            vec![JSON],
            br#"{"steps": [], "priority": 256}"#.to_vec(),
            400,
            "invalid-body",
        ),
        (Method::GET, "/api/v2.0/logs/transfers/5", vec![], vec![], 404, "not-found"),
    ];
    for (method, path, headers, body, status, code) in cases {
        let problem = send(&harness, method.clone(), path, &headers, body).await;
        assert_eq!((problem.status, problem.code.as_str()), (status, code), "{method} {path}: {problem:?}");
    }
    assert!(harness.ledger.state().accounts.is_empty());
    harness.stop().await;
}

#[actix_web::test]
async fn creating_only_is_possible() {
    let harness = Harness::start().await;
    let url = format!("{}{BASE_PATH}/accounts/ann", harness.url());
    let put = || {
        let request = harness.raw().put(&url).bearer_auth(harness.token.expose()).header("if-none-match", "*");
        request.header("content-type", "application/json").body(r#"{"password": "good password"}"#).send()
    };
    assert_eq!(put().await.unwrap().status(), 200);
    assert_eq!(put().await.unwrap().status(), 412);
    harness.stop().await;
}

#[actix_web::test]
async fn a_stopped_server_takes_no_connections() {
    let harness = Harness::start().await;
    let (client, address) = (harness.local(), harness.address);
    client.cluster().await.unwrap();
    harness.stop().await;
    assert!(std::net::TcpStream::connect(address).is_err());
    assert!(client.cluster().await.is_err());
}
