//! Keys derived from the cluster secret, each for one purpose, and the two things done with them: MACs and sealing.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

/// What a derived key is for. The label of a purpose is part of the format: it must never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Proof of the secret between nodes, bound to a TLS channel.
    MeshProof,
    /// Cookies of administration sessions.
    Cookies,
    /// Values kept encrypted in the replicated state.
    SealedValues,
    /// Lookup keys of cached password checks.
    CachedAuthentication,
    /// Private keys at rest.
    KeyFiles,
    /// The text by which operators compare secrets.
    Fingerprint,
    /// Permissions to join of hosts that were given the secret by hand.
    JoinByHand,
}

impl Purpose {
    #[cfg(test)]
    pub(crate) const ALL: [Purpose; 7] = [
        Self::MeshProof,
        Self::Cookies,
        Self::SealedValues,
        Self::CachedAuthentication,
        Self::KeyFiles,
        Self::Fingerprint,
        Self::JoinByHand,
    ];

    fn label(self) -> &'static [u8] {
        match self {
            Self::MeshProof => b"flotilla v1 mesh proof",
            Self::Cookies => b"flotilla v1 cookies",
            Self::SealedValues => b"flotilla v1 sealed values",
            Self::CachedAuthentication => b"flotilla v1 cached authentication",
            Self::KeyFiles => b"flotilla v1 key files",
            Self::Fingerprint => b"flotilla v1 fingerprint",
            Self::JoinByHand => b"flotilla v1 join by hand",
        }
    }
}

/// A 256-bit key for one purpose; wiped when dropped.
#[derive(Clone)]
pub struct Key {
    bytes: Zeroizing<[u8; 32]>,
}

/// Why sealing or opening failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The operating system gave no random bytes.
    #[error("the operating system's random generator failed")]
    Random,
    /// Sealed with another key, for another context, or altered.
    #[error("cannot be opened: sealed under another cluster secret, or damaged")]
    Open,
}

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        32
    }
}

pub(crate) fn derive(secret: &[u8], purpose: Purpose) -> Key {
    let mut bytes = Zeroizing::new([0; 32]);
    let pseudo_random_key = Salt::new(HKDF_SHA256, b"flotilla cluster secret v1").extract(secret);
    let label = [purpose.label()];
    // 32 bytes are one block of HKDF-SHA-256, which allows 255: neither step can fail.
    if let Ok(material) = pseudo_random_key.expand(&label, KeyLength) {
        let filled = material.fill(bytes.as_mut());
        assert!(filled.is_ok(), "one block of key material is always available");
    }
    assert_ne!(*bytes, [0; 32], "key derivation filled the key");
    Key { bytes }
}

impl Key {
    /// The raw key, for algorithms that this crate does not offer.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// HMAC-SHA-256 over the parts. Each part is preceded by its length, so no two lists of parts look alike.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.bytes.as_ref()));
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut tag = [0; 32];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }

    /// Compares a MAC in constant time.
    pub fn verify_mac(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        subtle::ConstantTimeEq::ct_eq(&self.mac(parts)[..], tag).into()
    }

    /// Encrypts and authenticates (AES-256-GCM, random nonce in front). `context` must be given again to open.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| KeyError::Random)?;
        let mut body = plain.to_vec();
        let sealed =
            self.cipher()?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut body);
        if sealed.is_err() {
            zeroize::Zeroize::zeroize(&mut body);
            return Err(KeyError::Open);
        }
        Ok([&nonce[..], &body].concat())
    }

    /// Opens what [`Key::seal`] made under the same key and context.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(KeyError::Open)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| KeyError::Open)?;
        let mut body = Zeroizing::new(body.to_vec());
        let plain_length =
            self.cipher()?.open_in_place(nonce, Aad::from(context), &mut body).map_err(|_| KeyError::Open)?.len();
        body.truncate(plain_length);
        Ok(body)
    }

    fn cipher(&self) -> Result<LessSafeKey, KeyError> {
        let key = UnboundKey::new(&AES_256_GCM, self.bytes.as_ref()).map_err(|_| KeyError::Open)?;
        Ok(LessSafeKey::new(key))
    }
}

/// Compares two secrets of one length without telling by time where they differ.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    subtle::ConstantTimeEq::ct_eq(left, right).into()
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        derive(&[byte; 32], Purpose::KeyFiles)
    }

    #[test]
    fn derivation_is_stable_across_versions() {
        let hex = crate::fingerprint::to_hex(derive(&[1; 32], Purpose::MeshProof).bytes());
        assert_eq!(hex, GOLDEN_MESH_PROOF, "a changed derivation locks mixed versions out of each other");
    }

    const GOLDEN_MESH_PROOF: &str = "80609f01094d21a520c0d7ef8c6ba0e36a629f0f955b2cf40fe967281ea8ee1d";

    #[test]
    fn sealed_bytes_open_under_the_same_key_and_context_only() {
        let sealed = key(1).seal(b"ca", b"private").unwrap();
        assert_eq!(key(1).open(b"ca", &sealed).unwrap().as_slice(), b"private");
        assert_eq!(key(2).open(b"ca", &sealed), Err(KeyError::Open));
        assert_eq!(key(1).open(b"local", &sealed), Err(KeyError::Open));
        for position in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[position] ^= 1;
            assert_eq!(key(1).open(b"ca", &damaged), Err(KeyError::Open), "byte {position}");
            assert_eq!(key(1).open(b"ca", &sealed[..position]), Err(KeyError::Open), "cut at {position}");
        }
    }

    #[test]
    fn mac_tells_apart_parts_that_join_to_the_same_bytes() {
        let key = key(1);
        let tag = key.mac(&[b"ab", b"c"]);
        assert!(key.verify_mac(&[b"ab", b"c"], &tag));
        assert!(!key.verify_mac(&[b"a", b"bc"], &tag));
        assert!(!key.verify_mac(&[b"ab", b"c"], &tag[..31]));
        assert!(!key.verify_mac(&[b"ab", b"c"], &[]));
    }
}
