//! The kinds of private keys that are made here.
//!
//! `ring` makes and uses the elliptic ones. It signs with RSA keys but does not make them; those come from the `rsa` crate, of
//! which nothing else is used.

use std::fmt;
use std::str::FromStr;

use rcgen::KeyPair;
use ring::rand::{SecureRandom, SystemRandom};
use rsa::pkcs8::EncodePrivateKey;
use serde::{Deserialize, Serialize};
use x509_parser::prelude::X509Certificate;
use x509_parser::public_key::PublicKey;

use crate::authority::AuthorityError;
use crate::certificate::CertificateError;
use crate::key_file::PrivateKey;

/// Kinds of keys that we make. The text form is the one of the command line and of REST.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum KeyAlgorithm {
    /// ECDSA over P-256 with SHA-256: fast, and read by all partners.
    #[default]
    EcdsaP256,
    /// ECDSA over P-384 with SHA-384.
    EcdsaP384,
    /// Ed25519.
    Ed25519,
    /// RSA with 2048 bits.
    Rsa2048,
    /// RSA with 3072 bits.
    Rsa3072,
    /// RSA with 4096 bits; making such a key takes seconds.
    Rsa4096,
}

/// A text that names no kind of key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no kind of key; there are ecdsa-p256, ecdsa-p384, ed25519, rsa-2048, rsa-3072, rsa-4096")]
pub struct KeyAlgorithmError {
    text: String,
}

impl KeyAlgorithm {
    /// All kinds, the default first.
    pub const ALL: [Self; 6] =
        [Self::EcdsaP256, Self::EcdsaP384, Self::Ed25519, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096];

    /// The text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
            Self::Ed25519 => "ed25519",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
        }
    }

    /// Makes a new private key. With RSA this computes for up to some seconds: call it where that blocks nobody.
    pub fn generate(self) -> Result<PrivateKey, AuthorityError> {
        let algorithm = match self {
            Self::EcdsaP256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Self::EcdsaP384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Self::Ed25519 => &rcgen::PKCS_ED25519,
            Self::Rsa2048 => return generate_rsa(2048),
            Self::Rsa3072 => return generate_rsa(3072),
            Self::Rsa4096 => return generate_rsa(4096),
        };
        let pair = KeyPair::generate_for(algorithm).map_err(AuthorityError::Key)?;
        Ok(PrivateKey::from_pkcs8(pair.serialize_der()))
    }

    /// The kind of a certificate's key, or the next stronger one that we make: what a renewal uses. `None` for a kind that
    /// we don't make.
    pub fn of_certificate(der: &[u8]) -> Result<Option<Self>, CertificateError> {
        let (_, certificate) = x509_parser::parse_x509_certificate(der).map_err(|_| CertificateError::Unreadable)?;
        Ok(match size(&certificate) {
            Some(("rsa", 0..=2048)) => Some(Self::Rsa2048),
            Some(("rsa", 2049..=3072)) => Some(Self::Rsa3072),
            Some(("rsa", _)) => Some(Self::Rsa4096),
            Some(("ecdsa", 256)) => Some(Self::EcdsaP256),
            Some(("ecdsa", 384)) => Some(Self::EcdsaP384),
            Some(("ed25519", _)) => Some(Self::Ed25519),
            _ => None,
        })
    }

    /// The kind of a certificate's key in words, also of kinds that we don't make.
    pub(crate) fn describe(certificate: &X509Certificate<'_>) -> String {
        match size(certificate) {
            Some(("ecdsa", bits)) => format!("ecdsa-p{bits}"),
            Some(("ed25519", _)) => "ed25519".to_owned(),
            Some((kind, bits)) => format!("{kind}-{bits}"),
            None => certificate.public_key().algorithm.algorithm.to_id_string(),
        }
    }
}

/// Family and bits of a certificate's key.
fn size(certificate: &X509Certificate<'_>) -> Option<(&'static str, usize)> {
    let key = certificate.public_key();
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => Some(("rsa", rsa.key_size())),
        Ok(PublicKey::EC(point)) => Some(("ecdsa", point.key_size())),
        _ if key.algorithm.algorithm == x509_parser::oid_registry::OID_SIG_ED25519 => Some(("ed25519", 256)),
        _ => None,
    }
}

fn generate_rsa(bits: usize) -> Result<PrivateKey, AuthorityError> {
    let key = rsa::PrivateKey::new(&mut SystemRandomness, bits).map_err(|_| AuthorityError::Random)?;
    let document = key.to_pkcs8_der().map_err(|_| AuthorityError::Random)?;
    Ok(PrivateKey::from_pkcs8(document.as_bytes().to_vec()))
}

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system's random generator failed")]
pub(crate) struct Unavailable;

/// ring's generator behind the trait that the RustCrypto crates ask for.
pub(crate) struct SystemRandomness;

impl rand_core::TryRng for SystemRandomness {
    type Error = Unavailable;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        SystemRandom::new().fill(bytes).map_err(|_| Unavailable)
    }
}

impl rand_core::TryCryptoRng for SystemRandomness {}

impl FromStr for KeyAlgorithm {
    type Err = KeyAlgorithmError;

    fn from_str(text: &str) -> Result<Self, KeyAlgorithmError> {
        let found = Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text);
        found.ok_or_else(|| KeyAlgorithmError { text: text.chars().take(32).collect() })
    }
}

impl TryFrom<String> for KeyAlgorithm {
    type Error = KeyAlgorithmError;

    fn try_from(text: String) -> Result<Self, KeyAlgorithmError> {
        text.parse()
    }
}

impl From<KeyAlgorithm> for String {
    fn from(algorithm: KeyAlgorithm) -> Self {
        algorithm.as_str().to_owned()
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_are_read_back_and_others_are_refused() {
        for algorithm in KeyAlgorithm::ALL {
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
        }
        for bad in ["", "rsa", "rsa-1024", "RSA-2048", "ecdsa-p521"] {
            let text = bad.parse::<KeyAlgorithm>().unwrap_err().to_string();
            assert!(text.contains("rsa-2048"), "{text}");
        }
    }
}
