//! A client of several nodes: goes on with the next one, and says of all of them why none would do.

use std::net::TcpListener;
use std::time::Duration;

use flotilla_admin::{Client, ClientError, Endpoints, LedgerError, Login};

use crate::harness::Harness;

const PARAMETER: &str = "EventQueue.maxRetryCount";

fn client(harness: &Harness, endpoints: &Endpoints) -> Client {
    let tls = flotilla_pki::https_client_config(&harness.credentials).unwrap();
    Client::through(endpoints, tls, Login::Local(harness.token.clone())).unwrap()
}

fn url(listener: &TcpListener) -> String {
    format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port())
}

/// Where nobody listens.
fn closed() -> String {
    url(&TcpListener::bind("127.0.0.1:0").unwrap())
}

#[actix_web::test]
async fn a_node_that_is_away_is_passed_by_also_for_changes() {
    let harness = Harness::start().await;
    let endpoints = Endpoints::new([closed(), harness.url()]);
    let several = client(&harness, &endpoints);
    several.set_parameter(PARAMETER, Some("7"), None).await.unwrap();
    assert_eq!(several.url(), harness.url(), "it is asked first from now on");
    assert_eq!(several.parameter(PARAMETER).await.unwrap().value, "7");
    harness.stop().await;
}

#[actix_web::test]
async fn a_node_that_hangs_is_passed_by_when_patience_ends() {
    let harness = Harness::start().await;
    // The kernel takes the connection, and nobody ever greets.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoints = Endpoints::new([url(&silent), harness.url()]).with_patience(Duration::from_millis(500));
    let several = client(&harness, &endpoints);
    assert_eq!(several.cluster().await.unwrap().answered_by.0, 1);
    assert_eq!(several.url(), harness.url());
    harness.stop().await;
}

#[actix_web::test]
async fn when_none_would_do_each_says_why() {
    let harness = Harness::start().await;
    let away = closed();
    let several = client(&harness, &Endpoints::new([away.clone(), harness.url()]).named("profile prod"));
    harness.ledger.fail_with(Some(LedgerError::Unavailable { reason: "there is no primary".to_owned() }));
    let error = several.set_parameter(PARAMETER, Some("7"), None).await.unwrap_err();
    assert!(matches!(error, ClientError::NoneAnswered { .. }) && error.is_retryable(), "{error}");
    assert_eq!(error.problem().unwrap().code, "unavailable");
    let text = error.to_string();
    for part in [format!("{away} (profile prod) cannot be reached"), format!("{} (profile prod)", harness.url())] {
        assert!(text.contains(&part), "{part} is missing in {text}");
    }
    harness.ledger.fail_with(Some(LedgerError::Unknown { reason: "the answer was lost".to_owned() }));
    let error = several.set_parameter(PARAMETER, Some("7"), None).await.unwrap_err();
    assert!(!error.is_retryable(), "what may have been done is not sent to another node: {error}");
    harness.stop().await;
}

#[actix_web::test]
async fn a_refusal_is_an_answer() {
    let harness = Harness::start().await;
    let several = client(&harness, &Endpoints::new([harness.url(), closed()]));
    let error = several.parameter("No.such").await.unwrap_err();
    assert!(matches!(error, ClientError::Refused { .. }), "{error}");
    assert_eq!(several.url(), harness.url());
    harness.stop().await;
}
