//! The CAs that a node trusts: its own and the ones exchanged with the other nodes.

use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::server::ParsedCertificate;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::certificate::{CertificateError, CertificateInfo, parse_chain_pem, to_pem};
use crate::fingerprint::Fingerprint;
use crate::tls::crypto_provider;

/// A set of CA certificates, ordered by fingerprint.
#[derive(Clone, Debug, Default)]
pub struct TrustStore {
    authorities: Vec<(CertificateInfo, CertificateDer<'static>)>,
}

impl TrustStore {
    /// An empty store: it trusts nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a CA certificate in DER. Adding one twice changes nothing.
    pub fn add(&mut self, certificate: CertificateDer<'static>) -> Result<Fingerprint, CertificateError> {
        let info = CertificateInfo::read(&certificate)?;
        if !info.is_authority {
            return Err(CertificateError::NotAuthority { subject: info.subject });
        }
        // webpki is stricter than the reader above; what it refuses must not be stored.
        RootCertStore::empty().add(certificate.clone()).map_err(|_| CertificateError::Unreadable)?;
        let fingerprint = info.fingerprint;
        if let Err(position) = self.authorities.binary_search_by_key(&fingerprint, |(known, _)| known.fingerprint) {
            self.authorities.insert(position, (info, certificate));
        }
        Ok(fingerprint)
    }

    /// Adds all CA certificates of a PEM text; adds none if one of them is refused.
    pub fn add_pem(&mut self, text: &[u8]) -> Result<Vec<Fingerprint>, CertificateError> {
        let mut next = self.clone();
        let added =
            parse_chain_pem(text)?.into_iter().map(|certificate| next.add(certificate)).collect::<Result<_, _>>()?;
        *self = next;
        Ok(added)
    }

    /// Removes a CA; tells whether it was there.
    pub fn remove(&mut self, fingerprint: Fingerprint) -> bool {
        let before = self.authorities.len();
        self.authorities.retain(|(info, _)| info.fingerprint != fingerprint);
        self.authorities.len() != before
    }

    /// The facts of each CA.
    pub fn list(&self) -> impl Iterator<Item = &CertificateInfo> {
        self.authorities.iter().map(|(info, _)| info)
    }

    /// The certificates.
    pub fn certificates(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        self.authorities.iter().map(|(_, certificate)| certificate)
    }

    /// Whether a CA is trusted.
    pub fn contains(&self, fingerprint: Fingerprint) -> bool {
        self.list().any(|info| info.fingerprint == fingerprint)
    }

    /// The CA that issued the first certificate of a chain, at a time in milliseconds since the Unix epoch: found by its
    /// signature and not by its name, since a renewed CA keeps its name.
    pub fn issuer_of(&self, chain: &[CertificateDer<'_>], now_ms: u64) -> Option<&CertificateInfo> {
        let (own, intermediates) = chain.split_first()?;
        let own = ParsedCertificate::try_from(own).ok()?;
        let now = UnixTime::since_unix_epoch(Duration::from_millis(now_ms));
        let issued = self.authorities.iter().find(|(_, authority)| {
            let mut roots = RootCertStore::empty();
            let algorithms = crypto_provider().signature_verification_algorithms.all;
            roots.add(authority.clone()).is_ok()
                && verify_server_cert_signed_by_trust_anchor(&own, &roots, intermediates, now, algorithms).is_ok()
        });
        issued.map(|(info, _)| info)
    }

    /// How many CAs are trusted.
    pub fn len(&self) -> usize {
        self.authorities.len()
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.authorities.is_empty()
    }

    /// All CA certificates as one PEM text.
    pub fn to_pem(&self) -> String {
        self.certificates().map(|certificate| to_pem(certificate)).collect()
    }

    pub(crate) fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.certificates().cloned());
        Arc::new(roots)
    }
}
