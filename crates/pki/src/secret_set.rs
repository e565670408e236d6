//! The secrets in force: one for new proofs, and during a rotation the ones before and after it.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::key::{Key, Purpose};
use crate::secret::ClusterSecret;

/// Secrets that may be in force together: current, previous, next. A proof is made under each, so this bounds work.
pub const SECRETS_MAX: usize = 3;

/// The secrets that a node accepts; the first is the current one.
#[derive(Clone, Debug)]
pub struct SecretSet {
    secrets: Vec<ClusterSecret>,
    /// No longer accepted from anyone, but values are still sealed under it.
    retired: Option<ClusterSecret>,
}

impl SecretSet {
    /// A set with one secret.
    pub fn new(current: ClusterSecret) -> Self {
        Self { secrets: vec![current], retired: None }
    }

    /// Accepts one more (the previous or the next of a rotation). The oldest is dropped beyond three.
    #[must_use]
    pub fn accepting(mut self, other: ClusterSecret) -> Self {
        if !self.secrets.contains(&other) {
            self.secrets.insert(1, other);
            self.secrets.truncate(SECRETS_MAX);
        }
        self
    }

    /// Opens what was sealed under a secret that is accepted no longer.
    #[must_use]
    pub fn opening(mut self, retired: ClusterSecret) -> Self {
        if !self.secrets.contains(&retired) {
            self.retired = Some(retired);
        }
        self
    }

    /// Whether a secret of this fingerprint is accepted.
    pub fn accepts(&self, fingerprint: &str) -> bool {
        self.secrets.iter().any(|secret| secret.fingerprint() == fingerprint)
    }

    /// The secret that is accepted besides the current one, during a rotation.
    pub fn previous(&self) -> Option<&ClusterSecret> {
        self.secrets.get(1)
    }

    /// The secret for what is made now.
    pub fn current(&self) -> &ClusterSecret {
        &self.secrets[0]
    }

    /// The key of each secret for a purpose, the current one's first. For what lies sealed, the retired one's too.
    pub fn keys(&self, purpose: Purpose) -> Vec<Key> {
        let opens = matches!(purpose, Purpose::SealedValues | Purpose::KeyFiles);
        let retired = self.retired.as_ref().filter(|_| opens);
        self.secrets.iter().chain(retired).map(|secret| secret.derive(purpose)).collect()
    }
}

/// The published secrets: cheap to clone, replaced live by a rotation.
#[derive(Clone, Debug)]
pub struct SecretHandle {
    set: Arc<ArcSwap<SecretSet>>,
}

impl SecretHandle {
    /// Publishes a first set.
    pub fn new(set: SecretSet) -> Self {
        Self { set: Arc::new(ArcSwap::from_pointee(set)) }
    }

    /// Replaces the set for all later handshakes.
    pub fn publish(&self, set: SecretSet) {
        self.set.store(Arc::new(set));
    }

    /// The set in force.
    pub fn current(&self) -> Arc<SecretSet> {
        self.set.load_full()
    }
}

impl From<SecretSet> for SecretHandle {
    fn from(set: SecretSet) -> Self {
        Self::new(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_stays_bounded_and_keeps_the_current_secret_first() {
        let secrets: Vec<ClusterSecret> = (0..5).map(|_| ClusterSecret::generate().unwrap()).collect();
        let mut set = SecretSet::new(secrets[0].clone());
        for secret in &secrets {
            set = set.accepting(secret.clone());
        }
        assert_eq!(set.current(), &secrets[0]);
        assert_eq!(set.keys(Purpose::MeshProof).len(), SECRETS_MAX);
        let handle = SecretHandle::new(set);
        handle.publish(SecretSet::new(secrets[1].clone()));
        assert_eq!(handle.current().current(), &secrets[1]);
    }

    #[test]
    fn a_retired_secret_opens_and_proves_nothing() {
        let [new, old] = [(); 2].map(|()| ClusterSecret::generate().unwrap());
        let sealed = old.derive(Purpose::SealedValues).seal(b"x", b"value").unwrap();
        let set = SecretSet::new(new).opening(old.clone());
        assert!(!set.accepts(&old.fingerprint()));
        assert_eq!((set.keys(Purpose::MeshProof).len(), set.keys(Purpose::Cookies).len()), (1, 1));
        assert!(set.keys(Purpose::SealedValues).iter().any(|key| key.open(b"x", &sealed).is_ok()));
    }
}
