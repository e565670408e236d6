//! Private keys in memory and on disk.
//!
//! On disk a key is PEM (PKCS#8), or sealed under a key derived from the cluster secret, told apart by the first line:
//!
//! ```text
//! flotilla-sealed-key v1
//! base64(nonce, AES-256-GCM(PKCS#8 DER), tag)
//! ```
//! The file's name is the sealing context, so that sealed files cannot be exchanged for one another.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use crate::key::{Key, KeyError};

const SEALED_HEADER: &str = "flotilla-sealed-key v1";
const SEALED_HEADER_ANY_VERSION: &str = "flotilla-sealed-key ";
const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// A private key in PKCS#8 DER; wiped when dropped and never shown.
#[derive(Clone)]
pub struct PrivateKey {
    der: Zeroizing<Vec<u8>>,
}

/// Why the text of a key file gave no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// No PKCS#8 PEM block.
    #[error(
        "no PKCS#8 private key in it (`-----BEGIN PRIVATE KEY-----`); convert it with `openssl pkcs8 -topk8 -nocrypt`"
    )]
    Format,
    /// Sealed in a format of a newer version.
    #[error("sealed in an unknown format; this version reads {SEALED_HEADER:?}")]
    Version,
    /// Sealed, and no cluster secret was at hand.
    #[error("sealed under the cluster secret, which is missing")]
    Sealed,
    /// Sealed under another secret, or damaged.
    #[error(transparent)]
    Open(#[from] KeyError),
}

impl PrivateKey {
    pub(crate) fn from_pkcs8(der: Vec<u8>) -> Self {
        Self { der: Zeroizing::new(der) }
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Reads a PKCS#8 PEM block.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyFileError> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(text).map_err(|_| KeyFileError::Format)?;
        Ok(Self::from_pkcs8(key.secret_pkcs8_der().to_vec()))
    }

    /// The key as PEM, for export.
    pub fn to_pem(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(STANDARD.encode(self.portable_der().as_slice()));
        let mut text = Zeroizing::new(String::with_capacity(digits.len() + digits.len() / 64 + 64));
        text.push_str(PEM_BEGIN);
        for (index, digit) in digits.chars().enumerate() {
            if index % 64 == 0 {
                text.push('\n');
            }
            text.push(digit);
        }
        text.push('\n');
        text.push_str(PEM_END);
        text.push('\n');
        text
    }

    /// The text of the key's file: sealed when a key is given.
    pub(crate) fn to_file_text(&self, context: &str, sealing: Option<&Key>) -> Result<Zeroizing<String>, KeyFileError> {
        let Some(key) = sealing else { return Ok(self.to_pem()) };
        let sealed = key.seal(context.as_bytes(), &self.der)?;
        Ok(Zeroizing::new(format!("{SEALED_HEADER}\n{}\n", STANDARD.encode(sealed))))
    }

    /// Reads a key file, trying each sealing key in turn.
    pub(crate) fn from_file_text(text: &str, context: &str, sealing: &[Key]) -> Result<Self, KeyFileError> {
        let Some((header, body)) = text.split_once('\n') else { return Err(KeyFileError::Format) };
        if header.trim_end() != SEALED_HEADER {
            if header.starts_with(SEALED_HEADER_ANY_VERSION) {
                return Err(KeyFileError::Version);
            }
            return Self::from_pem(text.as_bytes());
        }
        let sealed = STANDARD.decode(body.trim()).map_err(|_| KeyFileError::Format)?;
        if sealing.is_empty() {
            return Err(KeyFileError::Sealed);
        }
        let opened = sealing.iter().find_map(|key| key.open(context.as_bytes(), &sealed).ok());
        Ok(Self { der: opened.ok_or(KeyError::Open)? })
    }

    pub(crate) fn to_rustls(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.der.to_vec()))
    }

    pub(crate) fn to_rcgen(&self) -> Result<rcgen::KeyPair, rcgen::Error> {
        rcgen::KeyPair::try_from(self.der.as_slice())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PrivateKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::ClusterSecret;
    use crate::{Purpose, algorithm::KeyAlgorithm};

    #[test]
    fn a_key_file_opens_under_its_secret_and_its_own_name_only() {
        let private = KeyAlgorithm::EcdsaP256.generate().unwrap();
        let sealing = ClusterSecret::generate().unwrap().derive(Purpose::KeyFiles);
        let other = ClusterSecret::generate().unwrap().derive(Purpose::KeyFiles);
        let text = private.to_file_text("ca.key", Some(&sealing)).unwrap();
        let open = |context, keys: &[Key]| PrivateKey::from_file_text(&text, context, keys).map(|key| key.der);
        assert_eq!(open("ca.key", &[other.clone(), sealing.clone()]).unwrap(), private.der);
        assert_eq!(open("local.key", std::slice::from_ref(&sealing)), Err(KeyFileError::Open(KeyError::Open)));
        assert_eq!(open("ca.key", &[other]), Err(KeyFileError::Open(KeyError::Open)));
        assert_eq!(open("ca.key", &[]), Err(KeyFileError::Sealed));
        assert_eq!(
            PrivateKey::from_file_text("flotilla-sealed-key v9\nAA==\n", "ca.key", &[sealing]).unwrap_err(),
            KeyFileError::Version
        );
    }

    #[test]
    fn pem_is_read_back_and_debug_shows_nothing() {
        let private = KeyAlgorithm::Ed25519.generate().unwrap();
        let text = private.to_file_text("ca.key", None).unwrap();
        assert_eq!(PrivateKey::from_file_text(&text, "ca.key", &[]).unwrap().portable_der(), private.portable_der());
        assert_eq!(PrivateKey::from_pem(b"nothing").unwrap_err(), KeyFileError::Format);
        assert_eq!(format!("{private:?}"), "PrivateKey(..)");
    }
}
