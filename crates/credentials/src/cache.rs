//! Remembers which passwords were right, without remembering passwords.
//!
//! An entry is an HMAC under a key that this process made up at start, over name, stored hash and password. The stored
//! hash is part of it, so an account that changes its password (or goes) leaves entries that nothing asks for again. Only
//! successes are kept: a guesser pays the full price each time and cannot push good entries out.

use std::collections::HashSet;

use parking_lot::Mutex;
use ring::hmac;
use ring::rand::SystemRandom;

use crate::CredentialError;

type Fingerprint = [u8; 32];

pub(crate) struct VerifiedCache {
    key: hmac::Key,
    generations: Mutex<Generations>,
    /// When the young generation holds half of the capacity, the old one is forgotten.
    generation_size_max: usize,
}

#[derive(Default)]
struct Generations {
    young: HashSet<Fingerprint>,
    old: HashSet<Fingerprint>,
}

impl VerifiedCache {
    pub(crate) fn new(entries_max: usize) -> Result<Self, CredentialError> {
        let key =
            hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).map_err(|_| CredentialError::NoRandomness)?;
        Ok(Self { key, generations: Mutex::default(), generation_size_max: (entries_max / 2).max(1) })
    }

    /// Lengths come first, so that no two triples share one message.
    pub(crate) fn fingerprint(&self, name: &str, stored: &str, password: &str) -> Fingerprint {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [name, stored, password] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut fingerprint = Fingerprint::default();
        fingerprint.copy_from_slice(context.sign().as_ref());
        fingerprint
    }

    pub(crate) fn contains(&self, fingerprint: &Fingerprint) -> bool {
        let mut generations = self.generations.lock();
        if generations.young.contains(fingerprint) {
            return true;
        }
        let found = generations.old.contains(fingerprint);
        if found {
            self.insert_young(&mut generations, *fingerprint);
        }
        found
    }

    pub(crate) fn insert(&self, fingerprint: Fingerprint) {
        self.insert_young(&mut self.generations.lock(), fingerprint);
    }

    fn insert_young(&self, generations: &mut Generations, fingerprint: Fingerprint) {
        if generations.young.len() >= self.generation_size_max {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(fingerprint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        let cache = VerifiedCache::new(8).unwrap();
        assert_ne!(cache.fingerprint("ab", "c", "d"), cache.fingerprint("a", "bc", "d"));
        assert_ne!(cache.fingerprint("a", "hash-1", "d"), cache.fingerprint("a", "hash-2", "d"));
    }

    #[test]
    fn size_stays_bounded_and_used_entries_stay() {
        let cache = VerifiedCache::new(8).unwrap();
        let used = cache.fingerprint("used", "h", "p");
        cache.insert(used);
        for number in 0..100 {
            cache.insert(cache.fingerprint(&number.to_string(), "h", "p"));
            assert!(cache.contains(&used), "after {number}");
            let generations = cache.generations.lock();
            assert!(generations.young.len() + generations.old.len() <= 8);
        }
        assert!(!cache.contains(&cache.fingerprint("0", "h", "p")));
    }
}
