//! Only usable credentials can be made.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use std::time::{Duration, SystemTime};

use common::*;
use flotilla_pki::{
    Authority, AuthorityError, AuthorityParameters, CertificateError, CertificateInfo, CertificateRequest, Credentials,
    CredentialsError, CredentialsHandle, KeyAlgorithm, LocalCertificate, PeerCertificateError, RevokedSerials,
    TrustStore, mesh_client_config, mesh_server_config,
};
use rustls::pki_types::UnixTime;

fn later(duration: Duration) -> UnixTime {
    UnixTime::since_unix_epoch(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + duration)
}

#[test]
fn each_kind_of_key_makes_credentials() {
    for algorithm in KeyAlgorithm::ALL {
        let parameters = AuthorityParameters { common_name: "CA".to_owned(), lifetime: DAY, algorithm };
        let authority = Authority::generate(&parameters).unwrap();
        let mut request = issue_parameters(Some(3));
        request.algorithm = algorithm;
        let local = authority.issue(alias(), &request).unwrap();
        let credentials = Credentials::new(parts(local, &[&authority])).unwrap();
        assert_eq!(credentials.info().node_id, Some(3));
        assert_eq!(credentials.info().names, ["localhost", "127.0.0.1"]);
        assert_eq!(credentials.info().issuer, "CN=CA");
        assert_eq!(credentials.info().key, algorithm.to_string());
        assert_eq!(credentials.info().usages, ["server", "client"]);
        // Both sides sign in a handshake, with the scheme of this key.
        let member = CredentialsHandle::new(credentials);
        let ends = handshake(mesh_client_config(&member).unwrap(), mesh_server_config(&member).unwrap(), "localhost");
        assert!(ends.is_ok(), "{algorithm}");
    }
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let authority = authority("a");
    let mut local = local(&authority, 1);
    local.key = common::local(&authority, 1).key;
    assert!(matches!(Credentials::new(parts(local, &[&authority])), Err(CredentialsError::KeyMismatch { .. })));
}

#[test]
fn a_certificate_of_an_untrusted_authority_is_refused() {
    let (ours, foreign) = (authority("ours"), authority("foreign"));
    let refused = Credentials::new(parts(local(&foreign, 1), &[&ours])).unwrap_err();
    assert!(matches!(refused, CredentialsError::Untrusted { .. }), "{refused}");
    let refused = Credentials::new(parts(local(&foreign, 1), &[])).unwrap_err();
    assert!(matches!(refused, CredentialsError::NoTrust { .. }), "{refused}");
}

#[test]
fn an_expired_or_not_yet_valid_certificate_is_refused() {
    let authority = authority("a");
    let parts = parts(local(&authority, 1), &[&authority]);
    assert!(Credentials::new_at(parts.clone(), later(364 * DAY)).is_ok());
    assert!(Credentials::new_at(parts.clone(), later(366 * DAY)).is_err());
    assert!(Credentials::new_at(parts, UnixTime::since_unix_epoch(Duration::ZERO)).is_err());
}

#[test]
fn a_revoked_certificate_is_refused() {
    let authority = authority("a");
    let mut parts = parts(local(&authority, 1), &[&authority]);
    parts.revoked = RevokedSerials::from_iter([parts.local.info().unwrap().serial]);
    let refused = Credentials::new(parts).unwrap_err();
    assert!(
        matches!(refused, CredentialsError::Untrusted { source: PeerCertificateError::Revoked { .. }, .. }),
        "{refused}"
    );
}

#[test]
fn an_authority_keeps_its_pair_together() {
    let (first, second) = (authority("first"), authority("second"));
    let again = Authority::from_parts(first.certificate().clone(), first.key().clone()).unwrap();
    assert_eq!(again.fingerprint(), first.fingerprint());
    assert!(matches!(
        Authority::from_parts(first.certificate().clone(), second.key().clone()),
        Err(AuthorityError::KeyMismatch)
    ));
    let leaf = local(&first, 1);
    assert!(matches!(
        Authority::from_parts(leaf.chain[0].clone(), leaf.key),
        Err(AuthorityError::Certificate(CertificateError::NotAuthority { .. }))
    ));
}

#[test]
fn a_request_gets_the_names_of_the_issuer_and_keeps_its_key() {
    let authority = authority("a");
    let request =
        CertificateRequest::generate("I am node 99", &["elsewhere.example".to_owned()], KeyAlgorithm::default())
            .unwrap();
    let chain = authority.issue_for_request(&request.request_pem, &issue_parameters(Some(7))).unwrap();
    let local = LocalCertificate { alias: alias(), chain, key: request.key };
    let credentials = Credentials::new(parts(local, &[&authority])).unwrap();
    assert_eq!(credentials.info().node_id, Some(7));
    assert_eq!(credentials.info().subject, "CN=node");
    let damaged = request.request_pem.replace('A', "B");
    assert!(matches!(
        authority.issue_for_request(&damaged, &issue_parameters(Some(7))),
        Err(AuthorityError::Request(_))
    ));
}

#[test]
fn unusable_names_and_lifetimes_are_refused() {
    let authority = authority("a");
    let mut parameters = issue_parameters(None);
    parameters.names.push("höst".to_owned());
    assert!(matches!(authority.issue(alias(), &parameters), Err(AuthorityError::Name { .. })));
    for lifetime in [Duration::ZERO, Duration::MAX] {
        let mut parameters = issue_parameters(None);
        parameters.lifetime = lifetime;
        assert!(matches!(authority.issue(alias(), &parameters), Err(AuthorityError::Lifetime { .. })));
    }
}

#[test]
fn no_certificate_outlives_its_authority() {
    let parameters =
        AuthorityParameters { common_name: "CA".to_owned(), lifetime: DAY, algorithm: KeyAlgorithm::default() };
    let authority = Authority::generate(&parameters).unwrap();
    let ends = CertificateInfo::read(authority.certificate()).unwrap().not_after_ms;
    assert_eq!(local(&authority, 1).info().unwrap().not_after_ms, ends);
}

#[test]
fn a_revoked_node_follows_the_trust_all_the_same() {
    let authority = authority("a");
    let mut parts = parts(local(&authority, 1), &[&authority]);
    parts.revoked = RevokedSerials::from_iter([parts.local.info().unwrap().serial]);
    let serial = parts.local.info().unwrap().serial;
    assert!(Credentials::new(parts.clone()).is_err());
    assert!(Credentials::new_unproven(parts).unwrap().revoked().contains(&serial));
}

#[test]
fn renewed_certificates_have_serials_of_their_own() {
    let authority = authority("a");
    let serials: Vec<_> = (0..4).map(|_| local(&authority, 1).info().unwrap().serial).collect();
    for (index, serial) in serials.iter().enumerate() {
        assert_eq!(serial.as_str().len(), 32);
        assert!(!serials[index + 1..].contains(serial));
    }
}

#[test]
fn a_trust_store_takes_authorities_only_and_each_once() {
    let authority = authority("a");
    let mut trust = TrustStore::new();
    let fingerprint = trust.add(authority.certificate().clone()).unwrap();
    assert_eq!(trust.add_pem(authority.certificate_pem().as_bytes()).unwrap(), [fingerprint]);
    assert_eq!(trust.len(), 1);
    let leaf = local(&authority, 1);
    assert!(matches!(trust.add(leaf.chain[0].clone()), Err(CertificateError::NotAuthority { .. })));
    assert!(matches!(trust.add_pem(b"nothing"), Err(CertificateError::NoCertificate)));
    let mixed = format!("{}{}", common::authority("b").certificate_pem(), leaf.chain_pem());
    assert!(trust.add_pem(mixed.as_bytes()).is_err());
    assert_eq!(trust.len(), 1, "a refused text adds nothing");
    assert!(trust.remove(fingerprint));
    assert!(!trust.remove(fingerprint));
    assert!(trust.is_empty());
}

proptest::proptest! {
    #[test]
    fn damaged_certificates_are_errors_and_never_panics(position in 0usize..2000, value: u8, cut in 0usize..2000) {
        static DER: std::sync::LazyLock<Vec<u8>> =
            std::sync::LazyLock::new(|| local(&authority("a"), 1).chain[0].to_vec());
        let mut damaged = DER.clone();
        let length = damaged.len();
        damaged[position % length] = value;
        damaged.truncate(length - cut % length);
        let _ = CertificateInfo::read(&damaged);
        let _ = TrustStore::new().add(damaged.into());
    }
}
