//! Judging a peer's certificate chain: does it end in the trust, is it valid now, for this use, and not revoked.
//!
//! One function serves the TLS verifiers and the later re-examination of peers that are already connected.

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::server::ParsedCertificate;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::certificate::CertificateInfo;
use crate::credentials::Credentials;

/// Why a peer's certificate is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PeerCertificateError {
    /// It presented none.
    #[error("no certificate was presented")]
    Missing,
    /// It cannot be parsed, or carries an ambiguous node id.
    #[error("the certificate is not readable")]
    Unreadable,
    /// Its serial is on the list.
    #[error("the certificate with serial {serial} is revoked")]
    Revoked {
        /// Which certificate.
        serial: String,
    },
    /// Unknown CA, expired, not yet valid, wrong use, bad signature.
    #[error("the certificate is not acceptable: {0}")]
    Refused(#[source] rustls::Error),
}

impl Credentials {
    /// Checks a peer's chain (its own certificate first) and returns the facts of its certificate.
    pub fn examine_peer(
        &self,
        chain: &[CertificateDer<'_>],
        side: PeerSide,
        now: UnixTime,
    ) -> Result<CertificateInfo, PeerCertificateError> {
        let (end_entity, intermediates) = chain.split_first().ok_or(PeerCertificateError::Missing)?;
        match side {
            PeerSide::Client => self
                .client_verifier()
                .verify_client_cert(end_entity, intermediates, now)
                .map(|_| ())
                .map_err(PeerCertificateError::Refused)?,
            PeerSide::Server => {
                let parsed = ParsedCertificate::try_from(end_entity).map_err(PeerCertificateError::Refused)?;
                verify_server_cert_signed_by_trust_anchor(
                    &parsed,
                    self.roots(),
                    intermediates,
                    now,
                    crate::tls::crypto_provider().signature_verification_algorithms.all,
                )
                .map_err(PeerCertificateError::Refused)?;
            }
        }
        self.refuse_revoked(chain)?;
        CertificateInfo::read(end_entity).map_err(|_| PeerCertificateError::Unreadable)
    }

    fn refuse_revoked(&self, chain: &[CertificateDer<'_>]) -> Result<(), PeerCertificateError> {
        for certificate in chain {
            let info = CertificateInfo::read(certificate).map_err(|_| PeerCertificateError::Unreadable)?;
            if self.revoked().contains(&info.serial) {
                return Err(PeerCertificateError::Revoked { serial: info.serial.into() });
            }
        }
        Ok(())
    }
}

/// Which side of the handshake the examined peer is on; decides the extended key usage that is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerSide {
    /// The peer dialled us.
    Client,
    /// We dialled the peer.
    Server,
}

impl PeerCertificateError {
    /// As the TLS error whose alert tells the peer.
    pub(crate) fn into_tls(self) -> rustls::Error {
        match self {
            Self::Missing => rustls::Error::NoCertificatesPresented,
            Self::Unreadable => rustls::CertificateError::BadEncoding.into(),
            Self::Revoked { .. } => rustls::CertificateError::Revoked.into(),
            Self::Refused(error) => error,
        }
    }
}
