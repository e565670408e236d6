//! A handshake of the mesh, both ends in memory: certificates of both sides made sure of.

use std::time::Duration;

use criterion::Criterion;
use flotilla_pki::{
    Authority, AuthorityParameters, Credentials, CredentialsHandle, CredentialsParts, IssueParameters, KeyAlgorithm,
    RevokedSerials, TrustStore, mesh_client_config, mesh_server_config,
};
use rustls::{ClientConnection, ServerConnection};

const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn measure(criterion: &mut Criterion) {
    let authority = authority();
    let handle = |node| CredentialsHandle::new(credentials(&authority, node));
    let client = std::sync::Arc::new(mesh_client_config(&handle(1)).unwrap());
    let server = std::sync::Arc::new(mesh_server_config(&handle(2)).unwrap());
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let mut group = criterion.benchmark_group("tls");
    group.bench_function("handshake", |bencher| {
        bencher.iter(|| {
            let mut client = ClientConnection::new(client.clone(), name.clone()).unwrap();
            let mut server = ServerConnection::new(server.clone()).unwrap();
            shake_hands(&mut client, &mut server);
        });
    });
    group.finish();
}

fn shake_hands(client: &mut ClientConnection, server: &mut ServerConnection) {
    let mut bytes = Vec::new();
    while client.is_handshaking() || server.is_handshaking() {
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        bytes.clear();
        server.write_tls(&mut bytes).unwrap();
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets().unwrap();
        bytes.clear();
    }
}

pub(crate) fn authority() -> Authority {
    let algorithm = KeyAlgorithm::default();
    let parameters = AuthorityParameters { common_name: "parts".to_owned(), lifetime: 10 * DAY, algorithm };
    Authority::generate(&parameters).unwrap()
}

pub(crate) fn credentials(authority: &Authority, node: u64) -> Credentials {
    let parameters = IssueParameters {
        common_name: format!("node {node}"),
        names: vec!["localhost".to_owned()],
        node_id: Some(node),
        lifetime: DAY,
        algorithm: KeyAlgorithm::default(),
    };
    let local = authority.issue("cluster".parse().unwrap(), &parameters).unwrap();
    let mut trust = TrustStore::new();
    trust.add(authority.certificate().clone()).unwrap();
    Credentials::new(CredentialsParts { local, trust, revoked: RevokedSerials::default() }).unwrap()
}
