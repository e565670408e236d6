//! The change of the cluster secret in the folder of a node: step by step, so that a crash between two leaves a folder
//! that opens, and is gone on with.

use std::fs;

use crate::key::{KeyError, Purpose};
use crate::secret::ClusterSecret;
use crate::secret_set::SecretSet;
use crate::store::{Store, StoreError, remove_if_present};

/// Sets these seals apart from all others of the same key.
const CONTEXT: &[u8] = b"flotilla v1 next cluster secret";

impl SecretSet {
    /// The next secret, sealed under the current one: for those who know that.
    pub fn seal_next(&self, next: &ClusterSecret) -> Result<Vec<u8>, KeyError> {
        self.current().derive(Purpose::SealedValues).seal(CONTEXT, next.to_text().as_bytes())
    }

    /// Opens what [`SecretSet::seal_next`] made on a node that has a secret in common with this one.
    pub fn open_next(&self, sealed: &[u8]) -> Result<ClusterSecret, KeyError> {
        let keys = self.keys(Purpose::SealedValues);
        let plain = keys.iter().find_map(|key| key.open(CONTEXT, sealed).ok()).ok_or(KeyError::Open)?;
        let text = std::str::from_utf8(&plain).map_err(|_| KeyError::Open)?;
        ClusterSecret::from_text(text).map_err(|_| KeyError::Open)
    }
}

impl Store {
    /// Takes a new secret in; the one before stays accepted. Private keys are sealed anew. Done twice it changes nothing.
    pub fn adopt_secret(&self, new: &ClusterSecret) -> Result<SecretSet, StoreError> {
        let _turn = self.turn();
        let set = self.load_secrets()?;
        if set.current() != new {
            let old = set.current().clone();
            self.save_secrets(new, Some(&old))?;
        }
        self.seal_keys_anew()?;
        self.load_secrets()
    }

    /// Accepts the secret before the current one no longer; what is sealed under it can still be opened.
    pub fn retire_secret(&self) -> Result<SecretSet, StoreError> {
        let _turn = self.turn();
        let set = self.load_secrets()?;
        if let Some(previous) = set.previous() {
            previous.save(&self.retired_secret_path())?;
            remove_if_present(&self.previous_secret_path())?;
        }
        self.load_secrets()
    }

    /// Every key file under the current secret.
    fn seal_keys_anew(&self) -> Result<(), StoreError> {
        for folder in ["", "local/", "requests/"] {
            let path = self.folder().join(folder);
            let read = |source| StoreError::Read { path: path.clone(), source };
            for entry in fs::read_dir(&path).map_err(read)? {
                let name = entry.map_err(read)?.file_name();
                let Some(name) = name.to_str().filter(|name| name.ends_with(".key") && !name.starts_with('.')) else {
                    continue;
                };
                let name = format!("{folder}{name}");
                if let Some(key) = self.read_key(&name)? {
                    self.write_key(&name, &key)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::algorithm::KeyAlgorithm;
    use crate::authority::{Authority, AuthorityParameters};

    #[test]
    fn keys_open_after_each_step_and_the_old_secret_ends() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let [old, new] = [(); 2].map(|()| ClusterSecret::generate().unwrap());
        store.save_secrets(&old, None).unwrap();
        let parameters = AuthorityParameters {
            common_name: "ca".to_owned(),
            lifetime: Duration::from_secs(3600),
            algorithm: KeyAlgorithm::EcdsaP256,
        };
        let authority = Authority::generate(&parameters).unwrap();
        store.save_authority(&authority).unwrap();
        let sealed = || fs::read_to_string(folder.path().join("ca.key")).unwrap();
        let before = sealed();

        for _ in 0..2 {
            let set = store.adopt_secret(&new).unwrap();
            assert_eq!((set.current(), set.previous()), (&new, Some(&old)));
        }
        assert_ne!(sealed(), before);
        for _ in 0..2 {
            let set = store.retire_secret().unwrap();
            assert_eq!((set.current(), set.previous(), set.accepts(&old.fingerprint())), (&new, None, false));
        }
        let read = store.load_authority().unwrap().unwrap();
        assert_eq!(read.fingerprint(), authority.fingerprint());
        // Under the new secret alone, as a node has it that joins later.
        fs::remove_file(store.retired_secret_path()).unwrap();
        assert!(store.load_authority().unwrap().is_some());
    }

    #[test]
    fn the_next_secret_opens_under_the_current_one_only() {
        let [old, new, other] = [(); 3].map(|()| ClusterSecret::generate().unwrap());
        let sealed = SecretSet::new(old.clone()).seal_next(&new).unwrap();
        assert_eq!(SecretSet::new(other.clone()).accepting(old).open_next(&sealed), Ok(new));
        assert_eq!(SecretSet::new(other).open_next(&sealed), Err(KeyError::Open));
    }

    #[test]
    fn a_crash_between_secret_and_keys_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let [old, new] = [(); 2].map(|()| ClusterSecret::generate().unwrap());
        store.save_secrets(&old, None).unwrap();
        let key = KeyAlgorithm::Ed25519.generate().unwrap();
        store.write_key("local/x.key", &key).unwrap();
        store.save_secrets(&new, Some(&old)).unwrap();
        assert!(store.read_key("local/x.key").unwrap().is_some(), "sealed under the old one still");
        store.adopt_secret(&new).unwrap();
        store.retire_secret().unwrap();
        fs::remove_file(store.retired_secret_path()).unwrap();
        assert!(store.read_key("local/x.key").unwrap().is_some());
    }
}
