//! TLS credentials as one value: certificate, key, trust, revocations. Making one validates it, so whatever is
//! published is usable; a bad renewal is an error to its maker and no outage.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::alias::Alias;
use crate::certificate::{CertificateError, CertificateInfo};
use crate::key_file::PrivateKey;
use crate::local::LocalCertificate;
use crate::peer::{PeerCertificateError, PeerSide};
use crate::revocation::RevokedSerials;
use crate::tls::crypto_provider;
use crate::trust::TrustStore;

/// What credentials are made of.
#[derive(Clone, Debug)]
pub struct CredentialsParts {
    /// What we present.
    pub local: LocalCertificate,
    /// Whom we trust.
    pub trust: TrustStore,
    /// Whom we refuse all the same.
    pub revoked: RevokedSerials,
}

/// Validated credentials; immutable.
pub struct Credentials {
    parts: CredentialsParts,
    info: CertificateInfo,
    certified: Arc<CertifiedKey>,
    roots: Arc<RootCertStore>,
    client_verifier: Arc<dyn ClientCertVerifier>,
}

/// Why parts do not make credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The certificate cannot be read.
    #[error("certificate {alias}: {source}")]
    Certificate {
        /// The local certificate.
        alias: Alias,
        /// What is wrong.
        source: CertificateError,
    },
    /// The key is unusable or belongs to another certificate.
    #[error("certificate {alias}: the private key does not belong to it; import both again")]
    KeyMismatch {
        /// The local certificate.
        alias: Alias,
    },
    /// No CA is trusted.
    #[error("certificate {alias}: no CA is trusted; import the CA certificates of the nodes")]
    NoTrust {
        /// The local certificate.
        alias: Alias,
    },
    /// Expired, revoked, issued by a CA that is not trusted, or not for both sides of TLS.
    #[error("certificate {alias} would be refused by our own trust: {source}")]
    Untrusted {
        /// The local certificate.
        alias: Alias,
        /// What peers would say.
        source: PeerCertificateError,
    },
}

impl Credentials {
    /// Validates parts at this time.
    pub fn new(parts: CredentialsParts) -> Result<Self, CredentialsError> {
        Self::new_at(parts, UnixTime::now())
    }

    /// Validates parts at a given time.
    pub fn new_at(parts: CredentialsParts, now: UnixTime) -> Result<Self, CredentialsError> {
        let credentials = Self::new_unproven(parts)?;
        for side in [PeerSide::Client, PeerSide::Server] {
            credentials
                .examine_peer(&credentials.parts.local.chain, side, now)
                .map_err(|source| CredentialsError::Untrusted { alias: credentials.alias().clone(), source })?;
        }
        Ok(credentials)
    }

    /// Without asking whether peers would accept our own certificate: a node whose certificate was revoked or has ended must
    /// still follow whom to trust and whom to refuse.
    pub fn new_unproven(parts: CredentialsParts) -> Result<Self, CredentialsError> {
        let alias = parts.local.alias.clone();
        let info =
            parts.local.info().map_err(|source| CredentialsError::Certificate { alias: alias.clone(), source })?;
        let mismatch = || CredentialsError::KeyMismatch { alias: alias.clone() };
        let certified = certify(parts.local.chain.clone(), &parts.local.key).ok_or_else(mismatch)?;
        let roots = parts.trust.roots();
        let client_verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), crypto_provider())
            .build()
            .map_err(|_| CredentialsError::NoTrust { alias: alias.clone() })?;
        Ok(Self { parts, info, certified: Arc::new(certified), roots, client_verifier })
    }

    /// The parts, to make the next credentials from.
    pub fn parts(&self) -> &CredentialsParts {
        &self.parts
    }

    /// The alias of the local certificate.
    pub fn alias(&self) -> &Alias {
        &self.parts.local.alias
    }

    /// The facts of the local certificate.
    pub fn info(&self) -> &CertificateInfo {
        &self.info
    }

    /// The CAs that are trusted.
    pub fn trust(&self) -> &TrustStore {
        &self.parts.trust
    }

    /// The serials that are refused.
    pub fn revoked(&self) -> &RevokedSerials {
        &self.parts.revoked
    }

    pub(crate) fn certified(&self) -> &Arc<CertifiedKey> {
        &self.certified
    }

    pub(crate) fn roots(&self) -> &Arc<RootCertStore> {
        &self.roots
    }

    pub(crate) fn client_verifier(&self) -> &Arc<dyn ClientCertVerifier> {
        &self.client_verifier
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("alias", self.alias())
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

fn certify(chain: Vec<CertificateDer<'static>>, key: &PrivateKey) -> Option<CertifiedKey> {
    let key = crypto_provider().key_provider.load_private_key(key.to_rustls()).ok()?;
    let certified = CertifiedKey::new(chain, key);
    certified.keys_match().ok().map(|()| certified)
}

pub(crate) fn key_matches(chain: Vec<CertificateDer<'static>>, key: &PrivateKey) -> bool {
    certify(chain, key).is_some()
}
