//! The cluster secret (the `taeh` of the set-up procedure): random bytes that every member knows and no one else.
//!
//! It is never used as a key itself. Each use derives its own key ([`Purpose`]), so that what one use reveals is of
//! no help against another. Its bytes are wiped when dropped and leave the process only into its own file.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::fingerprint::to_hex;
use crate::key::{Key, Purpose, derive};

/// Shortest secret accepted: 256 bits.
pub(crate) const LENGTH_MIN_BYTES: usize = 32;
/// Longest secret accepted; a longer file is not a secret but a mistake.
pub(crate) const LENGTH_MAX_BYTES: usize = 4096;

/// The shared random secret of a cluster.
#[derive(Clone)]
pub struct ClusterSecret {
    bytes: Zeroizing<Vec<u8>>,
}

/// Why bytes are no cluster secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The operating system gave no random bytes.
    #[error("the operating system's random generator failed")]
    Random,
    /// Fewer than 32 or more than 4096 bytes.
    #[error("a cluster secret has {LENGTH_MIN_BYTES} to {LENGTH_MAX_BYTES} bytes, this one has {length_bytes}")]
    Length {
        /// Bytes that were given.
        length_bytes: usize,
    },
}

impl ClusterSecret {
    /// A new secret of 32 bytes from the operating system's generator.
    pub fn generate() -> Result<Self, SecretError> {
        let mut bytes = Zeroizing::new(vec![0; LENGTH_MIN_BYTES]);
        SystemRandom::new().fill(&mut bytes).map_err(|_| SecretError::Random)?;
        Ok(Self { bytes })
    }

    /// Takes bytes from elsewhere, such as a `taeh` file of another product.
    pub fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Result<Self, SecretError> {
        let length_bytes = bytes.len();
        if !(LENGTH_MIN_BYTES..=LENGTH_MAX_BYTES).contains(&length_bytes) {
            return Err(SecretError::Length { length_bytes });
        }
        Ok(Self { bytes })
    }

    /// The key for one purpose (HKDF-SHA-256, RFC 5869).
    pub fn derive(&self, purpose: Purpose) -> Key {
        derive(&self.bytes, purpose)
    }

    /// 16 hexadecimal digits by which operators compare secrets without showing them.
    pub fn fingerprint(&self) -> String {
        let key = self.derive(Purpose::Fingerprint);
        let digest = ring::digest::digest(&ring::digest::SHA256, key.bytes());
        to_hex(&digest.as_ref()[..8])
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for ClusterSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ClusterSecret({})", self.fingerprint())
    }
}

impl PartialEq for ClusterSecret {
    fn eq(&self, other: &Self) -> bool {
        subtle::ConstantTimeEq::ct_eq(self.bytes(), other.bytes()).into()
    }
}

impl Eq for ClusterSecret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_generated_secrets_differ_and_debug_shows_neither() {
        let first = ClusterSecret::generate().unwrap();
        let second = ClusterSecret::generate().unwrap();
        assert_ne!(first, second);
        assert_ne!(first.fingerprint(), second.fingerprint());
        let debug = format!("{first:?}");
        assert_eq!(debug, format!("ClusterSecret({})", first.fingerprint()));
        assert!(!debug.contains(&to_hex(&first.bytes()[..4])));
    }

    #[test]
    fn length_is_limited_on_both_sides() {
        for (length, accepted) in [(0, false), (31, false), (32, true), (4096, true), (4097, false)] {
            let made = ClusterSecret::from_bytes(Zeroizing::new(vec![7; length]));
            assert_eq!(made.is_ok(), accepted, "{length}");
        }
    }

    #[test]
    fn each_purpose_has_its_own_key() {
        let secret = ClusterSecret::generate().unwrap();
        let keys: Vec<[u8; 32]> = Purpose::ALL.iter().map(|purpose| *secret.derive(*purpose).bytes()).collect();
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[index + 1..].contains(key));
            assert_ne!(&key[..], secret.bytes());
        }
    }
}
