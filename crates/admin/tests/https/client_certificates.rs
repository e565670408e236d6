//! Administrators who come with a client certificate.

use std::time::Duration;

use flotilla_admin::api::{AdministratorCertificateRequest, AdministratorChange, ApiTokenRequest, BASE_PATH};
use flotilla_admin::{Client, ClientError, Login};
use flotilla_model::AdministratorRole;
use flotilla_pki::{Alias, Fingerprint, IssueParameters, KeyAlgorithm, LocalCertificate, shown_client_config};
use reqwest::StatusCode;

use crate::harness::{Harness, PASSWORD, authority, code, wait_for};

/// A certificate of a CA that the cluster knows nothing of.
fn certificate(name: &str, lifetime: Duration) -> LocalCertificate {
    let parameters = IssueParameters {
        common_name: name.to_owned(),
        names: vec!["a.program".to_owned()],
        node_id: None,
        lifetime,
        algorithm: KeyAlgorithm::default(),
    };
    authority("elsewhere").issue("client".parse::<Alias>().unwrap(), &parameters).unwrap()
}

const HOUR: Duration = Duration::from_secs(3600);

fn tls(harness: &Harness, shown: &LocalCertificate) -> rustls::ClientConfig {
    let credentials = harness.credentials.current();
    let trust = &credentials.parts().trust;
    shown_client_config(trust, shown.chain_pem().as_bytes(), shown.key.to_pem().as_bytes()).unwrap()
}

fn client(harness: &Harness, shown: &LocalCertificate) -> Client {
    Client::new(&harness.url(), tls(harness, shown), Login::None).unwrap()
}

fn raw(harness: &Harness, shown: &LocalCertificate) -> reqwest::Client {
    reqwest::Client::builder().tls_backend_preconfigured(tls(harness, shown)).no_proxy().build().unwrap()
}

fn request(shown: &LocalCertificate) -> AdministratorCertificateRequest {
    AdministratorCertificateRequest { certificate_pem: shown.chain_pem(), description: Some("nightly".to_owned()) }
}

#[actix_web::test]
async fn who_shows_a_registered_certificate_is_its_owner_until_it_is_taken_away() {
    let harness = Harness::start().await;
    let shown = certificate("backup", HOUR);
    let root = harness.local();
    let unasked = client(&harness, &shown);
    assert_eq!(code(unasked.cluster().await), "no-credentials", "nobody is asked while none is registered");
    let operator = harness.with_password("operator", PASSWORD);
    let made = operator.add_administrator_certificate("operator", &request(&shown)).await.unwrap();
    assert_eq!(made.fingerprint.len(), 64);

    let program = client(&harness, &shown);
    program.cluster().await.unwrap();
    assert_eq!(code(program.set_parameter("Files.replicas", Some("1"), None).await), "forbidden");
    assert_eq!(code(program.retry_event(7).await), "not-found", "an operator may try");
    // Another certificate, and none, are as before.
    assert_eq!(code(client(&harness, &certificate("other", HOUR)).cluster().await), "bad-credentials");
    root.cluster().await.unwrap();
    // The role is the owner's of the moment.
    let lower = AdministratorChange { role: Some(AdministratorRole::Auditor), ..AdministratorChange::default() };
    root.put_administrator("operator", &lower).await.unwrap();
    assert_eq!(code(program.retry_event(7).await), "forbidden");
    // It ends at once, on the connection that is open; clients are asked all the same, for there is another one.
    root.add_administrator_certificate("root", &request(&certificate("third", HOUR))).await.unwrap();
    program.cluster().await.unwrap();
    assert_eq!(root.administrator_certificates("operator").await.unwrap().as_slice(), std::slice::from_ref(&made));
    root.remove_administrator_certificate("operator", &made.fingerprint).await.unwrap();
    assert_eq!(code(program.cluster().await), "bad-credentials");
    let state = harness.ledger.state();
    let operations: Vec<_> = state.audit.values().map(|row| row.operation.as_str()).collect();
    assert!(operations.ends_with(&["administrator-certificate.remove"]), "{operations:?}");
    harness.stop().await;
}

#[actix_web::test]
async fn the_audit_log_names_the_certificate() {
    let harness = Harness::start().await;
    let shown = certificate("backup", HOUR);
    let made = harness.local().add_administrator_certificate("root", &request(&shown)).await.unwrap();
    client(&harness, &shown).set_parameter("EventQueue.maxRetryCount", Some("7"), None).await.unwrap();
    let state = harness.ledger.state();
    let row = state.audit.last().unwrap().1;
    assert_eq!(row.origin.who, "root");
    assert_eq!(row.credential.as_deref(), Some(format!("certificate {}", &made.fingerprint[..32]).as_str()));
    harness.stop().await;
}

#[actix_web::test]
async fn a_certificate_goes_with_its_owner_and_with_its_time() {
    let harness = Harness::start().await;
    let (first, second) = (certificate("first", HOUR), certificate("second", Duration::from_secs(2)));
    let root = harness.local();
    root.add_administrator_certificate("auditor", &request(&first)).await.unwrap();
    root.add_administrator_certificate("root", &request(&second)).await.unwrap();
    let (of_auditor, short) = (client(&harness, &first), client(&harness, &second));
    of_auditor.cluster().await.unwrap();
    root.delete_administrator("auditor").await.unwrap();
    assert_eq!(code(of_auditor.cluster().await), "bad-credentials");
    let refused = wait_for("the certificate has ended", async || short.cluster().await.err()).await;
    assert!(refused.to_string().contains("not valid at this time"), "{refused}");
    harness.stop().await;
}

#[actix_web::test]
async fn a_certificate_is_no_person() {
    let harness = Harness::start().await;
    let shown = certificate("backup", HOUR);
    harness.local().add_administrator_certificate("operator", &request(&shown)).await.unwrap();
    let program = client(&harness, &shown);
    let password = AdministratorChange { password: Some("another password".to_owned()), ..Default::default() };
    assert_eq!(code(program.put_administrator("operator", &password).await), "forbidden");
    let token = ApiTokenRequest {
        name: "t".to_owned(),
        role: AdministratorRole::Auditor,
        lifetime_s: None,
        description: None,
        owner: None,
    };
    assert_eq!(code(program.create_api_token(&token).await), "forbidden");
    let another = request(&certificate("another", HOUR));
    assert_eq!(code(program.add_administrator_certificate("operator", &another).await), "forbidden");
    // But it may give itself up.
    let own = Fingerprint::of(&shown.chain[0]).to_string();
    program.remove_administrator_certificate("operator", &own).await.unwrap();
    assert_eq!(code(program.cluster().await), "bad-credentials");
    harness.stop().await;
}

#[actix_web::test]
async fn a_browser_that_has_one_is_not_tricked() {
    let harness = Harness::start().await;
    let shown = certificate("of a browser", HOUR);
    harness.local().add_administrator_certificate("root", &request(&shown)).await.unwrap();
    let browser = raw(&harness, &shown);
    let url = format!("{}{BASE_PATH}/administrators/operator/operations/unlock", harness.url());
    let ask = async |headers: &[(&str, &str)]| {
        let request = headers.iter().fold(browser.post(&url), |request, (name, value)| request.header(*name, *value));
        request.send().await.unwrap().status()
    };
    for foreign in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1")],
    ] {
        assert_eq!(ask(foreign).await, StatusCode::FORBIDDEN, "{foreign:?}");
    }
    let own = harness.url();
    assert_eq!(ask(&[("sec-fetch-site", "same-origin"), ("origin", &own)]).await, StatusCode::OK);
    assert_eq!(ask(&[]).await, StatusCode::OK, "a program");
    // The console is for sessions: the certificate alone leads to its log-in.
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let page = builder.tls_backend_preconfigured(tls(&harness, &shown)).no_proxy().build().unwrap();
    let page = page.get(format!("{}/console/cluster", harness.url())).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    harness.stop().await;
}

#[actix_web::test]
async fn what_is_no_certificate_of_a_client_is_not_registered() {
    let harness = Harness::start().await;
    let root = harness.local();
    let shown = certificate("backup", HOUR);
    let add = async |pem: String| {
        let request = AdministratorCertificateRequest { certificate_pem: pem, description: None };
        root.add_administrator_certificate("root", &request).await
    };
    assert_eq!(code(add("nothing".to_owned()).await), "invalid-value");
    let with_key = format!("{}{}", shown.chain_pem(), shown.key.to_pem().as_str());
    let refused = add(with_key).await;
    assert!(matches!(&refused, Err(ClientError::Refused { problem, .. }) if problem.detail.contains("private key")));
    let of_node = harness.credentials.current().parts().local.chain_pem();
    assert_eq!(code(add(of_node).await), "wrong-usage");
    add(shown.chain_pem()).await.unwrap();
    assert_eq!(code(add(shown.chain_pem()).await), "name-taken");
    assert_eq!(code(root.remove_administrator_certificate("root", "abc").await), "invalid-value");
    assert_eq!(code(root.remove_administrator_certificate("root", &"0".repeat(64)).await), "not-found");
    assert_eq!(code(root.administrator_certificates("nobody").await), "not-found");
    let auditor = harness.with_password("auditor", PASSWORD);
    let other = request(&certificate("other", HOUR));
    assert_eq!(code(auditor.add_administrator_certificate("root", &other).await), "forbidden");
    assert_eq!(auditor.administrator_certificates("root").await.unwrap().len(), 1);
    harness.stop().await;
}
