//! A local certificate: what a node presents, stored and chosen by alias.

use rustls_pki_types::CertificateDer;

use crate::alias::Alias;
use crate::certificate::{CertificateError, CertificateInfo, parse_chain_pem, to_pem};
use crate::key_file::{KeyFileError, PrivateKey};

/// A certificate chain (the node's own first) and its private key.
#[derive(Clone, Debug)]
pub struct LocalCertificate {
    /// The name it is chosen by.
    pub alias: Alias,
    /// The chain, end certificate first; never empty.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key of the first certificate.
    pub key: PrivateKey,
}

/// Why a local certificate could not be taken from PEM.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocalCertificateError {
    /// The chain.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyFileError),
}

impl LocalCertificate {
    /// Takes a certificate made elsewhere, in PEM.
    pub fn from_pem(alias: Alias, chain_pem: &[u8], key_pem: &[u8]) -> Result<Self, LocalCertificateError> {
        Ok(Self { alias, chain: parse_chain_pem(chain_pem)?, key: PrivateKey::from_pem(key_pem)? })
    }

    /// The readable facts of the end certificate.
    pub fn info(&self) -> Result<CertificateInfo, CertificateError> {
        CertificateInfo::read(self.chain.first().ok_or(CertificateError::NoCertificate)?)
    }

    /// Whether the key is that of the certificate.
    pub fn has_its_key(&self) -> bool {
        crate::credentials::key_matches(self.chain.clone(), &self.key)
    }

    /// The chain as PEM.
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(|certificate| to_pem(certificate)).collect()
    }
}
