//! The folder of a node's trust: what is written is read back, what is damaged is named.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use common::*;
use flotilla_pki::{ClusterSecret, KeyFileError, SecretSet, Store, StoreError};

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
