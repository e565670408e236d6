//! Certificates and in-memory TLS handshakes for the tests of this crate.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use flotilla_pki::{
    Alias, Authority, AuthorityParameters, Credentials, CredentialsHandle, CredentialsParts, IssueParameters,
    KeyAlgorithm, LocalCertificate, RevokedSerials, TrustStore,
};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};

pub(crate) const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn authority(name: &str) -> Authority {
    let parameters = AuthorityParameters {
        common_name: format!("{name} CA"),
        lifetime: 3650 * DAY,
        algorithm: KeyAlgorithm::default(),
    };
    Authority::generate(&parameters).unwrap()
}

pub(crate) fn issue_parameters(node_id: Option<u64>) -> IssueParameters {
    IssueParameters {
        common_name: "node".to_owned(),
        names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        node_id,
        lifetime: 365 * DAY,
        algorithm: KeyAlgorithm::default(),
    }
}

pub(crate) fn alias() -> Alias {
    "cluster".parse().unwrap()
}

pub(crate) fn local(authority: &Authority, node_id: u64) -> LocalCertificate {
    authority.issue(alias(), &issue_parameters(Some(node_id))).unwrap()
}

pub(crate) fn trust(authorities: &[&Authority]) -> TrustStore {
    let mut trust = TrustStore::new();
    for authority in authorities {
        trust.add(authority.certificate().clone()).unwrap();
    }
    trust
}

pub(crate) fn parts(local: LocalCertificate, authorities: &[&Authority]) -> CredentialsParts {
    CredentialsParts { local, trust: trust(authorities), revoked: RevokedSerials::default() }
}

pub(crate) fn handle(local: LocalCertificate, authorities: &[&Authority]) -> CredentialsHandle {
    CredentialsHandle::new(Credentials::new(parts(local, authorities)).unwrap())
}

/// The two ends of a handshake that succeeded.
pub(crate) type Ends = (ClientConnection, ServerConnection);
/// What client and server said about one that did not.
pub(crate) type Refusals = Box<(Option<rustls::Error>, Option<rustls::Error>)>;

/// Runs a handshake to its end in memory; returns both ends, or what each end said.
pub(crate) fn handshake(client: ClientConfig, server: ServerConfig, name: &str) -> Result<Ends, Refusals> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    let (mut client_error, mut server_error) = (None, None);
    for _ in 0..10 {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        deliver(&wire, |read| server.read_tls(read));
        server_error = server_error.or(server.process_new_packets().err());
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        deliver(&wire, |read| client.read_tls(read));
        client_error = client_error.or(client.process_new_packets().err());
    }
    if client_error.is_none() && server_error.is_none() && !client.is_handshaking() && !server.is_handshaking() {
        Ok((client, server))
    } else {
        Err(Box::new((client_error, server_error)))
    }
}

fn deliver(mut wire: &[u8], mut read: impl FnMut(&mut dyn io::Read) -> io::Result<usize>) {
    while !wire.is_empty() {
        if read(&mut wire).is_err() {
            return;
        }
    }
}
