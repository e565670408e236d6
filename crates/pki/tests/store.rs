//! The folder of a node's trust: what is written is read back, what is damaged is named.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use common::*;
use flotilla_pki::{
    AuthorityParameters, ClusterSecret, Credentials, IssueParameters, KeyAlgorithm, KeyFileError, Replace, SecretSet,
    Store, StoreError, UnusableCertificate,
};

#[test]
fn everything_is_read_back_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pki");
    let (ca, other) = (authority("ca"), authority("other"));
    let secret = ClusterSecret::generate().unwrap();
    let certificate = local(&ca, 1);
    {
        let store = Store::open(&path).unwrap();
        assert!(store.load_authority().unwrap().is_none());
        assert!(store.load_local(&alias()).unwrap().is_none());
        store.save_secrets(&secret, None).unwrap();
        store.save_authority(&ca).unwrap();
        store.save_local(&certificate).unwrap();
        store.save_trust(&trust(&[&other])).unwrap();
    }
    let store = Store::open(&path).unwrap();
    assert_eq!(store.load_secrets().unwrap().current(), &secret);
    assert_eq!(store.load_authority().unwrap().unwrap().fingerprint(), ca.fingerprint());
    assert_eq!(store.list_local().unwrap(), [alias()]);
    let loaded = store.load_local(&alias()).unwrap().unwrap();
    assert_eq!(loaded.chain, certificate.chain);
    let trusted = store.load_trust().unwrap();
    assert!(trusted.contains(ca.fingerprint()) && trusted.contains(other.fingerprint()));
    handle(loaded, &[&ca]);
    store.save_trust(&trust(&[])).unwrap();
    assert!(!store.load_trust().unwrap().contains(other.fingerprint()));
}

#[test]
fn keys_are_private_and_sealed_under_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let secret = ClusterSecret::generate().unwrap();
    store.save_secrets(&secret, None).unwrap();
    store.save_authority(&authority("ca")).unwrap();
    let key = folder.path().join("ca.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&key).unwrap();
    assert!(text.starts_with("flotilla-sealed-key v1\n") && !text.contains("PRIVATE KEY"));
    // After a rotation the key still opens as long as the previous secret is at hand.
    let next = ClusterSecret::generate().unwrap();
    store.save_secrets(&next, Some(&secret)).unwrap();
    assert!(store.load_authority().unwrap().is_some());
    store.save_secrets(&next, None).unwrap();
    assert!(matches!(store.load_authority(), Err(StoreError::Key { source: KeyFileError::Open(_), .. })));
    let kept: SecretSet = store.load_secrets().unwrap();
    assert_eq!(kept.current(), &next);
}

#[test]
fn without_a_secret_keys_are_plain_pem_that_other_tools_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let ca = authority("ca");
    store.save_authority(&ca).unwrap();
    assert!(fs::read_to_string(folder.path().join("ca.key")).unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    assert_eq!(store.load_authority().unwrap().unwrap().fingerprint(), ca.fingerprint());
}

#[test]
fn damaged_and_missing_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.save_authority(&authority("ca")).unwrap();
    store.save_authority(&authority("ca")).unwrap();
    let first_key = fs::read(folder.path().join("ca.key")).unwrap();
    store.save_authority(&authority("ca")).unwrap();
    fs::write(folder.path().join("ca.key"), first_key).unwrap();
    let text = store.load_authority().unwrap_err().to_string();
    assert!(text.contains("ca.pem") && text.contains("does not belong"), "{text}");
    fs::remove_file(folder.path().join("ca.key")).unwrap();
    assert!(store.load_authority().unwrap_err().to_string().contains("ca.key"));
    fs::write(folder.path().join("trust/x.pem"), "nothing").unwrap();
    let text = store.load_trust().unwrap_err().to_string();
    assert!(text.contains("x.pem") && text.contains("no certificate"), "{text}");
    let broken = folder.path().join("trust/x.pem");
    fs::write(&broken, vec![b'a'; 2 * 1024 * 1024]).unwrap();
    assert!(matches!(store.load_trust(), Err(StoreError::Read { .. })));
}

fn now_ms() -> u64 {
    u64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

#[test]
fn a_renewed_authority_leaves_the_old_one_trusted_and_without_key() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let parameters =
        AuthorityParameters { common_name: "ours".to_owned(), lifetime: 30 * DAY, algorithm: KeyAlgorithm::Ed25519 };
    assert!(matches!(store.renew_authority(&parameters), Err(StoreError::NoAuthority)));
    let old = store.create_authority(&parameters).unwrap();
    assert!(matches!(store.create_authority(&parameters), Err(StoreError::AuthorityPresent { .. })));
    let issued = local(&old, 1);
    let renewed = store.renew_authority(&old.renewal_parameters().unwrap()).unwrap();
    assert_ne!(renewed.fingerprint(), old.fingerprint());
    let listed = store.list_authorities().unwrap();
    let names: Vec<&str> = listed.iter().map(|authority| authority.name.as_str()).collect();
    assert_eq!(names, ["ca", &format!("ca-old-{}", listed[1].info.serial)]);
    assert!(listed[0].is_own && !listed[0].is_former() && listed[1].is_former());
    assert_eq!(listed[0].info.key, "ed25519", "the new one is of the old one's kind");
    let keys = fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_str().is_some_and(|name| name.contains("key")));
    assert_eq!(keys.count(), 1, "the old key is gone");
    // What the old one issued is accepted, and told apart from what the new one issues, although both have one name.
    let trust = store.load_trust().unwrap();
    assert_eq!(trust.issuer_of(&issued.chain, now_ms()).unwrap().fingerprint, old.fingerprint());
    assert_eq!(trust.issuer_of(&local(&renewed, 1).chain, now_ms()).unwrap().fingerprint, renewed.fingerprint());
    let mut parts = parts(issued, &[]);
    parts.trust = trust;
    Credentials::new(parts.clone()).unwrap();
    // The log lists it as well, under its fingerprint: it stays one CA with its name, until it is removed.
    store.import_authorities(old.certificate_pem().as_bytes()).unwrap();
    assert_eq!(store.list_authorities().unwrap().len(), 2);
    let found = store.find_authority(&listed[1].name).unwrap();
    assert_eq!(store.find_authority(&old.fingerprint().to_string()).unwrap().name, found.name);
    store.remove_authority(old.fingerprint()).unwrap();
    assert!(matches!(store.remove_authority(old.fingerprint()), Err(StoreError::UnknownAuthority { .. })));
    parts.trust = store.load_trust().unwrap();
    assert!(Credentials::new(parts).is_err());
    store.remove_authority(renewed.fingerprint()).unwrap();
    assert!(store.load_authority().unwrap().is_none() && !folder.path().join("ca.key").exists());
}

#[test]
fn authorities_are_imported_all_or_none_and_others_in_a_file_stay() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let (first, second) = (authority("first"), authority("second"));
    let leaf = local(&first, 1).chain_pem();
    let refused = store.import_authorities(format!("{}{leaf}", second.certificate_pem()).as_bytes()).unwrap_err();
    assert!(refused.to_string().contains("not a CA certificate"), "{refused}");
    assert!(store.list_authorities().unwrap().is_empty());
    let both = [first.certificate_pem(), second.certificate_pem()].concat();
    fs::write(folder.path().join("trust/by-hand.pem"), both).unwrap();
    store.remove_authority(first.fingerprint()).unwrap();
    let left: Vec<_> = store.list_authorities().unwrap().iter().map(|one| one.info.fingerprint).collect();
    assert_eq!(left, [second.fingerprint()]);
}

#[test]
fn a_crash_between_certificate_and_key_leaves_a_pair() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.save_secrets(&ClusterSecret::generate().unwrap(), None).unwrap();
    let ca = authority("ca");
    let path = |name: &str| folder.path().join("local").join(name);
    let is_whole = || handle(store.load_local(&alias()).unwrap().unwrap(), &[&ca]);
    store.save_local(&local(&ca, 1)).unwrap();
    let old = [fs::read(path("cluster.pem")).unwrap(), fs::read(path("cluster.key")).unwrap()];
    store.save_local(&local(&ca, 1)).unwrap();
    let new_key = fs::read(path("cluster.key")).unwrap();
    let new = fs::read(path("cluster.pem")).unwrap();
    // The new key is written, the certificate is not.
    fs::write(path("cluster.pem"), &old[0]).unwrap();
    fs::write(path("cluster.key"), &old[1]).unwrap();
    fs::write(path("cluster.key.next"), &new_key).unwrap();
    is_whole();
    // The certificate is written, the key is not in its place yet.
    fs::write(path("cluster.pem"), &new).unwrap();
    is_whole();
    fs::remove_file(path("cluster.key")).unwrap();
    is_whole();
    assert_eq!(store.list_local().unwrap(), [alias()]);
    store.save_local(&local(&ca, 1)).unwrap();
    assert!(!path("cluster.key.next").exists());
    is_whole();
}

#[test]
fn an_alias_is_not_overwritten_unasked_and_a_deleted_one_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let ca = authority("ca");
    let (first, second) = (local(&ca, 1), local(&ca, 1));
    store.add_local(&first, Replace::No, now_ms()).unwrap();
    assert!(matches!(store.add_local(&second, Replace::No, now_ms()), Err(StoreError::AliasTaken { .. })));
    assert_eq!(store.require_local(&alias()).unwrap().chain, first.chain);
    let expired = store.add_local(&second, Replace::Yes, now_ms() + 400 * 86_400_000).unwrap_err();
    assert!(matches!(expired, StoreError::Unusable(UnusableCertificate::Expired { .. })), "{expired}");
    store.add_local(&second, Replace::Yes, now_ms()).unwrap();
    assert_eq!(store.require_local(&alias()).unwrap().chain, second.chain);
    store.delete_local(&alias()).unwrap();
    assert!(matches!(store.delete_local(&alias()), Err(StoreError::UnknownAlias { .. })));
    assert!(matches!(store.require_local(&alias()), Err(StoreError::UnknownAlias { .. })));
    assert_eq!(fs::read_dir(folder.path().join("local")).unwrap().count(), 0);
}

#[test]
fn a_renewed_certificate_says_what_the_old_one_said() {
    let ca = authority("ca");
    let mut asked = issue_parameters(Some(7));
    asked.algorithm = KeyAlgorithm::EcdsaP384;
    let parameters = IssueParameters::renewing(&ca.issue(alias(), &asked).unwrap()).unwrap();
    assert_eq!(
        (parameters.common_name, parameters.names, parameters.node_id, parameters.lifetime, parameters.algorithm),
        (asked.common_name, asked.names, asked.node_id, asked.lifetime, asked.algorithm)
    );
}
