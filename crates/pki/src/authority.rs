//! The internal CA of a node: makes itself, issues certificates for nodes.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use ring::rand::{SecureRandom, SystemRandom};
use rustls_pki_types::CertificateDer;

use crate::alias::Alias;
use crate::certificate::{CertificateError, CertificateInfo, to_pem};
use crate::fingerprint::Fingerprint;
use crate::key_file::PrivateKey;
use crate::local::LocalCertificate;
use crate::request::IssueParameters;

/// A certificate is valid from a little before now, so that a peer whose clock is behind accepts it at once.
const BACKDATE: Duration = Duration::from_secs(3600);

/// Kinds of keys that we make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// ECDSA over P-256 with SHA-256: fast, and read by all partners.
    #[default]
    EcdsaP256,
    /// ECDSA over P-384 with SHA-384.
    EcdsaP384,
    /// Ed25519.
    Ed25519,
}

impl KeyAlgorithm {
    /// Makes a new private key.
    pub fn generate(self) -> Result<PrivateKey, AuthorityError> {
        let algorithm = match self {
            Self::EcdsaP256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Self::EcdsaP384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Self::Ed25519 => &rcgen::PKCS_ED25519,
        };
        let pair = KeyPair::generate_for(algorithm).map_err(AuthorityError::Key)?;
        Ok(PrivateKey::from_pkcs8(pair.serialize_der()))
    }
}

/// What a new CA is made of.
#[derive(Clone, Debug)]
pub struct AuthorityParameters {
    /// Common name; should tell the CAs of the nodes apart.
    pub common_name: String,
    /// How long it is valid from now.
    pub lifetime: Duration,
    /// Kind of key.
    pub algorithm: KeyAlgorithm,
}

/// A certificate authority: its certificate and its key.
#[derive(Clone)]
pub struct Authority {
    certificate: CertificateDer<'static>,
    key: PrivateKey,
}

/// Why an authority could not be made or could not issue.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The key could not be made or is of an unknown kind.
    #[error("private key cannot be used: {0}")]
    Key(#[source] rcgen::Error),
    /// Signing failed.
    #[error("certificate cannot be signed: {0}")]
    Sign(#[source] rcgen::Error),
    /// A name that cannot stand in a certificate.
    #[error("{name:?} is neither a DNS name nor an IP address; give host names in ASCII")]
    Name {
        /// The refused name.
        name: String,
    },
    /// A lifetime of zero or beyond the year 9999.
    #[error("a lifetime of {lifetime_s} s is not possible")]
    Lifetime {
        /// The refused lifetime.
        lifetime_s: u64,
    },
    /// The certificate is no CA certificate or not readable.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Certificate and key are not a pair.
    #[error("the CA's key does not belong to its certificate")]
    KeyMismatch,
    /// The request is damaged or its signature is wrong.
    #[error("the certificate request is not usable: {0}")]
    Request(#[source] rcgen::Error),
    /// The operating system gave no random bytes.
    #[error("the operating system's random generator failed")]
    Random,
}

impl Authority {
    /// Makes a new CA with its own key.
    pub fn generate(parameters: &AuthorityParameters) -> Result<Self, AuthorityError> {
        let key = parameters.algorithm.generate()?;
        let mut certificate = CertificateParams::default();
        certificate.distinguished_name = rcgen::DistinguishedName::new();
        certificate.distinguished_name.push(DnType::CommonName, parameters.common_name.as_str());
        // No intermediates: a CA signs certificates of nodes and nothing else.
        certificate.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        certificate.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_validity_and_serial(&mut certificate, parameters.lifetime)?;
        let pair = key.to_rcgen().map_err(AuthorityError::Key)?;
        let signed = certificate.self_signed(&pair).map_err(AuthorityError::Sign)?;
        Ok(Self { certificate: signed.der().clone(), key })
    }

    /// Takes a CA from its parts and checks that they belong together.
    pub fn from_parts(certificate: CertificateDer<'static>, key: PrivateKey) -> Result<Self, AuthorityError> {
        let info = CertificateInfo::read(&certificate)?;
        if !info.is_authority {
            return Err(CertificateError::NotAuthority { subject: info.subject }.into());
        }
        let authority = Self { certificate, key };
        let matches = crate::credentials::key_matches(vec![authority.certificate.clone()], &authority.key);
        if matches { Ok(authority) } else { Err(AuthorityError::KeyMismatch) }
    }

    /// Issues a certificate with a new key.
    pub fn issue(&self, alias: Alias, parameters: &IssueParameters) -> Result<LocalCertificate, AuthorityError> {
        let key = parameters.algorithm.generate()?;
        let pair = key.to_rcgen().map_err(AuthorityError::Key)?;
        let chain = self.sign(parameters, &pair)?;
        Ok(LocalCertificate { alias, chain, key })
    }

    /// Issues a certificate for the public key of a request; the names come from `parameters` alone.
    pub fn issue_for_request(
        &self,
        request_pem: &str,
        parameters: &IssueParameters,
    ) -> Result<Vec<CertificateDer<'static>>, AuthorityError> {
        let request = rcgen::CertificateSigningRequestParams::from_pem(request_pem).map_err(AuthorityError::Request)?;
        self.sign(parameters, &request.public_key)
    }

    fn sign(
        &self,
        parameters: &IssueParameters,
        public_key: &impl rcgen::PublicKeyData,
    ) -> Result<Vec<CertificateDer<'static>>, AuthorityError> {
        let pair = self.key.to_rcgen().map_err(AuthorityError::Key)?;
        let issuer = Issuer::from_ca_cert_der(&self.certificate, pair).map_err(AuthorityError::Sign)?;
        let mut certificate = parameters.to_rcgen()?;
        certificate.use_authority_key_identifier_extension = true;
        set_validity_and_serial(&mut certificate, parameters.lifetime)?;
        let signed = certificate.signed_by(public_key, &issuer).map_err(AuthorityError::Sign)?;
        // The CA itself ends the chain, so that a joining node can compare it with the fingerprint it was given.
        Ok(vec![signed.der().clone(), self.certificate.clone()])
    }

    /// The CA's certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The CA's certificate as PEM.
    pub fn certificate_pem(&self) -> String {
        to_pem(&self.certificate)
    }

    /// The CA's private key.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// SHA-256 of the CA's certificate.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Authority({})", self.fingerprint())
    }
}

fn set_validity_and_serial(parameters: &mut CertificateParams, lifetime: Duration) -> Result<(), AuthorityError> {
    /// Ten thousand years are more than a certificate can say (RFC 5280 ends with 9999).
    const LIFETIME_MAX: Duration = Duration::from_secs(1000 * 366 * 86_400);
    if lifetime.is_zero() || lifetime > LIFETIME_MAX {
        return Err(AuthorityError::Lifetime { lifetime_s: lifetime.as_secs() });
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    parameters.not_before = epoch + now.saturating_sub(BACKDATE);
    parameters.not_after = epoch + now + lifetime;
    let mut serial = [0; 16];
    SystemRandom::new().fill(&mut serial).map_err(|_| AuthorityError::Random)?;
    // A serial is a positive integer: clear the sign bit, and keep the first byte from being zero.
    serial[0] = serial[0] & 0x7f | 0x40;
    parameters.serial_number = Some(rcgen::SerialNumber::from_slice(&serial));
    Ok(())
}
