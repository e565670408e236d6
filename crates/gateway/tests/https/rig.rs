//! A gateway with all that it needs, and a client that trusts it.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use flotilla_credentials::{Limits, Passwords};
use flotilla_gateway::{Dependencies, Gateway, GatewayConfig, Metrics};
use flotilla_model::NodeId;
use flotilla_pki::{ClusterSecret, SecretHandle, SecretSet};
use flotilla_telemetry::Tracer;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde_json::Value;

use crate::log::{TestLog, three_nodes};
use crate::nodes::Nodes;

pub(crate) const PASSWORD: &str = "correct horse";

/// Of the one cluster that the rigs of a process are.
static SECRETS: LazyLock<SecretHandle> =
    LazyLock::new(|| SecretHandle::new(SecretSet::new(ClusterSecret::generate().unwrap())));

pub(crate) struct Rig {
    pub(crate) gateway: Gateway,
    pub(crate) log: Arc<TestLog>,
    pub(crate) nodes: Arc<Nodes>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) passwords: Passwords,
    pub(crate) client: Client,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) certificate_pem: String,
}

pub(crate) async fn rig() -> Rig {
    rig_with(1, |_| {}).await
}

/// A gateway on one of three nodes, for the account `ann`.
pub(crate) async fn rig_with(node: u64, change: impl FnOnce(&mut GatewayConfig)) -> Rig {
    let log = Arc::new(three_nodes());
    let passwords = Passwords::new(Limits::default()).unwrap();
    let hash = passwords.hash(PASSWORD).await.unwrap();
    log.put_account("ann", Some(&hash), true, (None, None));
    let nodes = Nodes::three();
    second(node, log, nodes, passwords, change).await
}

/// A further gateway on the same cluster.
pub(crate) async fn second(
    node: u64,
    log: Arc<TestLog>,
    nodes: Arc<Nodes>,
    passwords: Passwords,
    change: impl FnOnce(&mut GatewayConfig),
) -> Rig {
    // Set by an earlier rig of the same process already, perhaps.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let metrics = Arc::new(Metrics::default());
    let mut config = GatewayConfig::new("127.0.0.1:0".parse().unwrap());
    config.commit_timeout = Duration::from_millis(500);
    change(&mut config);
    let dependencies = Dependencies {
        cluster_id: 1,
        node: NodeId(node),
        log: log.clone(),
        files: nodes.files(node),
        passwords: passwords.clone(),
        secrets: SECRETS.clone(),
        metrics: metrics.clone(),
        tracer: Tracer::off(),
    };
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = pair.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der());
    let tls = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    let gateway = Gateway::start(config, tls, dependencies).await.unwrap();
    let client = Client::builder()
        .tls_certs_only([reqwest::Certificate::from_der(&certificate).unwrap()])
        .redirect(reqwest::redirect::Policy::none())
        .resolve("localhost", gateway.local_addr())
        .no_proxy()
        .build()
        .unwrap();
    Rig { gateway, log, nodes, metrics, passwords, client, certificate, certificate_pem: pair.cert.pem() }
}

impl Rig {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.gateway.local_addr().port())
    }

    /// A request of `ann`.
    pub(crate) fn ask(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, self.url(path)).basic_auth("ann", Some(PASSWORD))
    }

    pub(crate) async fn put(&self, path: &str, body: impl Into<Bytes>) -> Response {
        self.ask("PUT", path).body(body.into()).send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Bytes {
        let response = self.ask("GET", path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.bytes().await.unwrap()
    }
}

pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The answer is this problem; gives its document.
pub(crate) async fn problem(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(header(&response, "content-type"), "application/problem+json");
    let retry_after = header(&response, "retry-after").to_owned();
    let found = response.status().as_u16();
    let document: Value = response.json().await.unwrap();
    assert_eq!((found, document["code"].as_str().unwrap()), (status, code), "{document}");
    assert_eq!(document["status"], status);
    assert!(!document["mend"].as_str().unwrap().is_empty() && !document["title"].as_str().unwrap().is_empty());
    assert_eq!(matches!(status, 429 | 503), !retry_after.is_empty(), "{document} {retry_after}");
    document
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    ring::digest::digest(&ring::digest::SHA256, bytes).as_ref().try_into().unwrap()
}

pub(crate) fn digest_header(bytes: &[u8]) -> String {
    use base64::Engine;
    format!("sha-256=:{}:", base64::engine::general_purpose::STANDARD.encode(sha256(bytes)))
}

pub(crate) fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", flotilla_model::Sha256(sha256(bytes)))
}

/// Bytes that do not compress and differ by seed.
pub(crate) fn bytes_of(length: usize, seed: u64) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes.into()
}

pub(crate) async fn wait_until(what: &str, mut predicate: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !predicate() {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
