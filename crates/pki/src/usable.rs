//! Whether a certificate can serve as a local one, said in the words of what is wrong with it. Whether the cluster trusts its
//! issuer is another question, which [`crate::Credentials`] answers.

use jiff::Timestamp;
use rustls::server::ParsedCertificate;
use x509_parser::prelude::X509Certificate;

use crate::certificate::{CertificateError, CertificateInfo};
use crate::local::LocalCertificate;
use crate::tls::crypto_provider;

/// Why a certificate cannot be a local certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableCertificate {
    /// It cannot be parsed, or has extensions that make it useless.
    #[error(transparent)]
    Unreadable(#[from] CertificateError),
    /// A CA must not be presented as a node's own certificate.
    #[error("{subject} is a CA certificate, not one of a server; import it as a CA (`flotilla ca import`)")]
    IsAuthority {
        /// Whose certificate it is.
        subject: String,
    },
    /// Its time is over.
    #[error("the certificate of {subject} expired at {not_after}; get a new one", not_after = instant(*not_after_ms))]
    Expired {
        /// Whose certificate it is.
        subject: String,
        /// When, in milliseconds since the Unix epoch.
        not_after_ms: u64,
    },
    /// Its time has not come.
    #[error("the certificate of {subject} is not valid before {not_before}; compare the clocks", not_before = instant(*not_before_ms))]
    NotYetValid {
        /// Whose certificate it is.
        subject: String,
        /// When, in milliseconds since the Unix epoch.
        not_before_ms: u64,
    },
    /// Nodes are both client and server of each other.
    #[error(
        "the certificate of {subject} is not for {missing}; nodes need one with the extended key usages serverAuth and clientAuth, or with none"
    )]
    WrongUsage {
        /// Whose certificate it is.
        subject: String,
        /// Which usage it lacks.
        missing: &'static str,
    },
    /// The key belongs to another certificate.
    #[error("the private key does not belong to the certificate of {subject}; import both as they were made together")]
    KeyMismatch {
        /// Whose certificate it is.
        subject: String,
    },
    /// A kind of key that TLS is not done with here.
    #[error(
        "the private key is of a kind that is not supported; there are RSA with 2048 to 4096 bits, ECDSA over P-256 and P-384, Ed25519"
    )]
    KeyUnsupported,
}

fn instant(milliseconds: u64) -> String {
    let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(milliseconds).map_or_else(|_| format!("{milliseconds} ms"), |at| at.to_string())
}

impl LocalCertificate {
    /// Judges it at a time, in milliseconds since the Unix epoch, and returns the facts of its first certificate.
    pub fn check(&self, now_ms: u64) -> Result<CertificateInfo, UnusableCertificate> {
        let leaf = self.chain.first().ok_or(CertificateError::NoCertificate)?;
        let info = check_certificate(leaf, now_ms)?;
        if crypto_provider().key_provider.load_private_key(self.key.to_rustls()).is_err() {
            return Err(UnusableCertificate::KeyUnsupported);
        }
        if !self.has_its_key() {
            return Err(UnusableCertificate::KeyMismatch { subject: info.subject });
        }
        Ok(info)
    }
}

fn check_certificate(der: &[u8], now_ms: u64) -> Result<CertificateInfo, UnusableCertificate> {
    let info = CertificateInfo::read(der)?;
    let (_, certificate) = x509_parser::parse_x509_certificate(der).map_err(|_| CertificateError::Unreadable)?;
    let subject = info.subject.clone();
    if info.is_authority {
        return Err(UnusableCertificate::IsAuthority { subject });
    }
    if info.not_after_ms < now_ms {
        return Err(UnusableCertificate::Expired { subject, not_after_ms: info.not_after_ms });
    }
    if info.not_before_ms > now_ms {
        return Err(UnusableCertificate::NotYetValid { subject, not_before_ms: info.not_before_ms });
    }
    if let Some(missing) = missing_usage(&certificate)? {
        return Err(UnusableCertificate::WrongUsage { subject, missing });
    }
    // webpki is stricter than the reader above: no version 1, no unknown critical extension.
    ParsedCertificate::try_from(&der.into()).map_err(|_| CertificateError::Unreadable)?;
    Ok(info)
}

fn missing_usage(certificate: &X509Certificate<'_>) -> Result<Option<&'static str>, CertificateError> {
    let extended = certificate.extended_key_usage().map_err(|_| CertificateError::Unreadable)?;
    if let Some(extended) = extended {
        if !extended.value.server_auth {
            return Ok(Some("servers (serverAuth)"));
        }
        if !extended.value.client_auth {
            return Ok(Some("clients (clientAuth)"));
        }
    }
    let usage = certificate.key_usage().map_err(|_| CertificateError::Unreadable)?;
    let is_for_signatures = usage.is_none_or(|usage| usage.value.digital_signature());
    Ok((!is_for_signatures).then_some("signatures (digitalSignature)"))
}
