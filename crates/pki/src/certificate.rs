//! What we read out of a certificate: who it is for, by whom, how long, and the node id in its URI name.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde::Serialize;
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName};
use x509_parser::prelude::X509Certificate;

use crate::algorithm::KeyAlgorithm;
use crate::fingerprint::Fingerprint;
use crate::revocation::SerialNumber;

/// The prefix of the URI name that carries a node id.
pub(crate) const NODE_URI_PREFIX: &str = "urn:flotilla:node:";
/// Certificates in one PEM file or chain; more is a mistake.
pub(crate) const CHAIN_LENGTH_MAX: usize = 64;

/// The readable facts of one certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateInfo {
    /// Distinguished name of the holder.
    pub subject: String,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// Serial number given by the issuer.
    pub serial: SerialNumber,
    /// SHA-256 of the certificate.
    pub fingerprint: Fingerprint,
    /// Start of validity, milliseconds since the Unix epoch.
    pub not_before_ms: u64,
    /// End of validity, milliseconds since the Unix epoch.
    pub not_after_ms: u64,
    /// DNS names and IP addresses it is valid for.
    pub names: Vec<String>,
    /// The node it belongs to, when it names one.
    pub node_id: Option<u64>,
    /// Whether it may issue certificates.
    pub is_authority: bool,
    /// The kind of its key, as far as it is one that we make; else its algorithm.
    pub key: String,
    /// What it may be used for: `server`, `client`, `ca`.
    pub usages: Vec<String>,
}

/// Why a certificate cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not X.509 DER.
    #[error("not a readable X.509 certificate")]
    Unreadable,
    /// A PEM file without a certificate, or with a damaged one.
    #[error("no certificate in it (`-----BEGIN CERTIFICATE-----`)")]
    NoCertificate,
    /// More certificates than a chain can sensibly have.
    #[error("more than {CHAIN_LENGTH_MAX} certificates in it")]
    TooMany,
    /// A CA certificate was needed.
    #[error("{subject} is not a CA certificate (basic constraints)")]
    NotAuthority {
        /// Whose certificate it is.
        subject: String,
    },
    /// Names two node ids, or something that is no node id.
    #[error("the node id in the certificate of {subject} is not usable")]
    NodeId {
        /// Whose certificate it is.
        subject: String,
    },
}

impl CertificateInfo {
    /// Reads a certificate in DER.
    pub fn read(der: &[u8]) -> Result<Self, CertificateError> {
        let (rest, certificate) = x509_parser::parse_x509_certificate(der).map_err(|_| CertificateError::Unreadable)?;
        if !rest.is_empty() {
            return Err(CertificateError::Unreadable);
        }
        let subject = certificate.subject().to_string();
        let (names, node_id) = read_names(&certificate, &subject)?;
        let milliseconds = |seconds: i64| u64::try_from(seconds).unwrap_or(0).saturating_mul(1000);
        let validity = certificate.validity();
        Ok(Self {
            issuer: certificate.issuer().to_string(),
            serial: SerialNumber::from_bytes(certificate.raw_serial()),
            fingerprint: Fingerprint::of(der),
            not_before_ms: milliseconds(validity.not_before.timestamp()),
            not_after_ms: milliseconds(validity.not_after.timestamp()),
            names,
            node_id,
            is_authority: certificate.is_ca(),
            key: KeyAlgorithm::describe(&certificate),
            usages: usages(&certificate),
            subject,
        })
    }
}

/// The common name of the subject, or all of its name when it has none.
pub(crate) fn common_name(der: &[u8]) -> Result<String, CertificateError> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).map_err(|_| CertificateError::Unreadable)?;
    let subject = certificate.subject();
    let name = subject.iter_common_name().next().and_then(|name| name.as_str().ok());
    Ok(name.map_or_else(|| subject.to_string(), str::to_owned))
}

/// A certificate without the extension serves both sides of TLS.
fn usages(certificate: &X509Certificate<'_>) -> Vec<String> {
    if certificate.is_ca() {
        return vec!["ca".to_owned()];
    }
    let extended = certificate.extended_key_usage().ok().flatten();
    let is_for = |named: fn(&ExtendedKeyUsage<'_>) -> bool| extended.as_ref().is_none_or(|it| named(it.value));
    let mut usages = Vec::new();
    if is_for(|extended| extended.server_auth) {
        usages.push("server".to_owned());
    }
    if is_for(|extended| extended.client_auth) {
        usages.push("client".to_owned());
    }
    usages
}

fn read_names(
    certificate: &X509Certificate<'_>,
    subject: &str,
) -> Result<(Vec<String>, Option<u64>), CertificateError> {
    let extension = certificate.subject_alternative_name().map_err(|_| CertificateError::Unreadable)?;
    let mut names = Vec::new();
    let mut node_id = None;
    let Some(extension) = extension else { return Ok((names, None)) };
    for name in &extension.value.general_names {
        match name {
            GeneralName::DNSName(name) => names.push((*name).to_owned()),
            GeneralName::IPAddress(bytes) => names.extend(ip_address(bytes)),
            GeneralName::URI(uri) => {
                let Some(digits) = uri.strip_prefix(NODE_URI_PREFIX) else { continue };
                let refused = || CertificateError::NodeId { subject: subject.to_owned() };
                let number: u64 = digits.parse().map_err(|_| refused())?;
                // One certificate, one node: with two names a peer could choose who it is.
                if node_id.replace(number).is_some() || number.to_string() != digits {
                    return Err(refused());
                }
            }
            _ => {}
        }
    }
    Ok((names, node_id))
}

fn ip_address(bytes: &[u8]) -> Option<String> {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(octets).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|octets| std::net::Ipv6Addr::from(octets).to_string())
}

/// Reads all certificates of a PEM text.
pub fn parse_chain_pem(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let mut chain = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(text) {
        chain.push(certificate.map_err(|_| CertificateError::NoCertificate)?);
        if chain.len() > CHAIN_LENGTH_MAX {
            return Err(CertificateError::TooMany);
        }
    }
    if chain.is_empty() { Err(CertificateError::NoCertificate) } else { Ok(chain) }
}

/// Reads the certificates of a PEM text, or one in DER.
pub(crate) fn parse_certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    // A sequence in DER; PEM begins with text.
    if bytes.first() != Some(&0x30) {
        return parse_chain_pem(bytes);
    }
    CertificateInfo::read(bytes)?;
    Ok(vec![CertificateDer::from(bytes.to_vec())])
}

pub(crate) fn to_pem(der: &[u8]) -> String {
    use base64::Engine;
    let digits = base64::engine::general_purpose::STANDARD.encode(der);
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push('\n');
        }
        text.push(digit);
    }
    text.push_str("\n-----END CERTIFICATE-----\n");
    text
}
