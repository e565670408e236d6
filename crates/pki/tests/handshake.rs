//! The TLS configurations, by handshakes in memory.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::*;
use flotilla_pki::{
    Credentials, CredentialsHandle, PeerSide, RevokedSerials, crypto_provider, https_client_config,
    https_server_config, mesh_client_config, mesh_server_config, pinned_client_config,
};
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, ProtocolVersion};

fn mesh_pair(client: &CredentialsHandle, server: &CredentialsHandle) -> Result<Ends, Refusals> {
    handshake(mesh_client_config(client).unwrap(), mesh_server_config(server).unwrap(), "mesh.invalid")
}

fn server_refuses(result: Result<Ends, Refusals>) -> Error {
    result.err().and_then(|refusals| refusals.1).expect("the server refuses")
}

#[test]
fn nodes_with_exchanged_authorities_speak_tls_1_3_and_learn_each_others_id() {
    let (first_ca, second_ca) = (authority("first"), authority("second"));
    let first = handle(local(&first_ca, 1), &[&first_ca, &second_ca]);
    let second = handle(local(&second_ca, 2), &[&first_ca, &second_ca]);
    let (client, server) = mesh_pair(&first, &second).unwrap();
    assert_eq!(client.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let seen = |chain: Option<&[_]>, side| second.current().examine_peer(chain.unwrap(), side, UnixTime::now());
    assert_eq!(seen(server.peer_certificates(), PeerSide::Client).unwrap().node_id, Some(1));
    assert_eq!(seen(client.peer_certificates(), PeerSide::Server).unwrap().node_id, Some(2));
}

#[test]
fn both_sides_refuse_a_foreign_authority() {
    let (ours, foreign) = (authority("ours"), authority("foreign"));
    let member = handle(local(&ours, 1), &[&ours]);
    let stranger = handle(local(&foreign, 2), &[&ours, &foreign]);
    let refused = server_refuses(mesh_pair(&stranger, &member));
    assert!(matches!(refused, Error::InvalidCertificate(CertificateError::UnknownIssuer)), "{refused}");
    let (client, _) = *mesh_pair(&member, &stranger).unwrap_err();
    assert!(matches!(client, Some(Error::InvalidCertificate(CertificateError::UnknownIssuer))), "{client:?}");
}

#[test]
fn no_certificate_no_entry_and_no_older_tls() {
    let ca = authority("ca");
    let member = handle(local(&ca, 1), &[&ca]);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca.certificate().clone()).unwrap();
    let config = |versions: &[&'static rustls::SupportedProtocolVersion]| {
        let mut config = ClientConfig::builder_with_provider(crypto_provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"flotilla-mesh".to_vec()];
        config
    };
    let server = || mesh_server_config(&member).unwrap();
    let refused = server_refuses(handshake(config(&[&rustls::version::TLS13]), server(), "localhost"));
    assert_eq!(refused, Error::NoCertificatesPresented);
    let refused = server_refuses(handshake(config(&[&rustls::version::TLS12]), server(), "localhost"));
    assert!(matches!(refused, Error::PeerIncompatible(_)), "{refused}");
}

#[test]
fn a_revocation_works_for_the_next_handshake_and_on_connected_peers() {
    let ca = authority("ca");
    let (first, second) = (handle(local(&ca, 1), &[&ca]), handle(local(&ca, 2), &[&ca]));
    let (_, server) = mesh_pair(&first, &second).unwrap();
    let mut next = second.current().parts().clone();
    next.revoked = RevokedSerials::from_iter([first.current().info().serial.clone()]);
    let generation = second.subscribe();
    second.publish(Credentials::new(next).unwrap());
    assert!(generation.has_changed().unwrap());
    let (client, refused) = *mesh_pair(&first, &second).unwrap_err();
    assert_eq!(refused, Some(Error::InvalidCertificate(CertificateError::Revoked)));
    assert_eq!(client, Some(Error::AlertReceived(AlertDescription::CertificateRevoked)), "the peer is told why");
    let connected = server.peer_certificates().unwrap();
    assert!(second.current().examine_peer(connected, PeerSide::Client, UnixTime::now()).is_err());
}

#[test]
fn published_credentials_are_used_by_the_next_handshake_of_the_same_configuration() {
    let ca = authority("ca");
    let (first, second) = (handle(local(&ca, 1), &[&ca]), handle(local(&ca, 2), &[&ca]));
    let (client_config, server_config) = (mesh_client_config(&first).unwrap(), mesh_server_config(&second).unwrap());
    let shown = || {
        let (client, server) = handshake(client_config.clone(), server_config.clone(), "x").unwrap();
        (client.peer_certificates().unwrap()[0].clone(), server.peer_certificates().unwrap()[0].clone())
    };
    let before = shown();
    first.publish(Credentials::new(parts(local(&ca, 1), &[&ca])).unwrap());
    second.publish(Credentials::new(parts(local(&ca, 2), &[&ca])).unwrap());
    let after = shown();
    assert_eq!(after.0, second.current().parts().local.chain[0]);
    assert_eq!(after.1, first.current().parts().local.chain[0]);
    assert!(before.0 != after.0 && before.1 != after.1);
}

#[test]
fn https_between_members_compares_the_host_name() {
    let ca = authority("ca");
    let member = handle(local(&ca, 1), &[&ca]);
    let server = || https_server_config(&member).unwrap();
    let client = || https_client_config(&member).unwrap();
    assert!(handshake(client(), server(), "localhost").is_ok());
    assert!(handshake(client(), server(), "127.0.0.1").is_ok());
    let (refused, _) = *handshake(client(), server(), "elsewhere.example").unwrap_err();
    assert!(
        matches!(refused, Some(Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. }))),
        "{refused:?}"
    );
}

#[test]
fn a_pinned_client_trusts_the_pinned_authority_only() {
    let (ca, other) = (authority("ca"), authority("other"));
    let member = handle(local(&ca, 1), &[&ca, &other]);
    let server = || https_server_config(&member).unwrap();
    assert!(handshake(pinned_client_config(ca.fingerprint()).unwrap(), server(), "10.1.2.3").is_ok());
    let (refused, _) = *handshake(pinned_client_config(other.fingerprint()).unwrap(), server(), "x").unwrap_err();
    assert!(refused.is_some());
    // The right CA in the chain is not enough: the certificate must be signed by it.
    let mut forged = local(&other, 1);
    forged.chain = vec![forged.chain[0].clone(), ca.certificate().clone(), other.certificate().clone()];
    let forger = handle(forged, &[&other]);
    let (refused, _) =
        *handshake(pinned_client_config(ca.fingerprint()).unwrap(), https_server_config(&forger).unwrap(), "x")
            .unwrap_err();
    assert!(refused.is_some());
}
