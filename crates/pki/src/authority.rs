//! The internal CA of a node: makes itself, issues certificates for nodes.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyUsagePurpose};
use ring::rand::{SecureRandom, SystemRandom};
use rustls_pki_types::CertificateDer;

use crate::algorithm::KeyAlgorithm;
use crate::alias::Alias;
use crate::certificate::{CertificateError, CertificateInfo, common_name, to_pem};
use crate::fingerprint::Fingerprint;
use crate::key_file::PrivateKey;
use crate::local::LocalCertificate;
use crate::request::IssueParameters;

/// A certificate is valid from a little before now, so that a peer whose clock is behind accepts it at once: an hour, or a
/// tenth of a short life, of which two thirds must still be ahead.
fn backdate(lifetime: Duration) -> Duration {
    const BACKDATE_MAX_S: u64 = 3600;
    Duration::from_secs((lifetime.as_secs() / 10).min(BACKDATE_MAX_S))
}

/// The lifetime that was asked for when a certificate with this validity was made: a renewal asks for the same, and not for
/// one that grows with each renewal.
pub(crate) fn asked_lifetime(info: &CertificateInfo) -> Duration {
    let total_s = info.not_after_ms.saturating_sub(info.not_before_ms) / 1000;
    let with_longest = total_s.saturating_sub(3600);
    let asked_s = if with_longest >= 36_000 { with_longest } else { (total_s * 10).div_ceil(11) };
    Duration::from_secs(asked_s.max(1))
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

    /// What a renewal of this CA is made of: the same name and lifetime, the same kind of key.
    pub fn renewal_parameters(&self) -> Result<AuthorityParameters, CertificateError> {
        let info = CertificateInfo::read(&self.certificate)?;
        Ok(AuthorityParameters {
            common_name: common_name(&self.certificate)?,
            lifetime: asked_lifetime(&info),
            algorithm: KeyAlgorithm::of_certificate(&self.certificate)?.unwrap_or_default(),
        })
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
        // One that outlives its CA would be refused without a word about itself.
        let ends = Duration::from_millis(CertificateInfo::read(&self.certificate)?.not_after_ms);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let left = ends.saturating_sub(now);
        let lifetime = if parameters.lifetime > left && !left.is_zero() { left } else { parameters.lifetime };
        check_lifetime(parameters.lifetime)?;
        set_validity_and_serial(&mut certificate, lifetime)?;
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

fn check_lifetime(lifetime: Duration) -> Result<(), AuthorityError> {
    /// Ten thousand years are more than a certificate can say (RFC 5280 ends with 9999).
    const LIFETIME_MAX: Duration = Duration::from_secs(1000 * 366 * 86_400);
    if lifetime.is_zero() || lifetime > LIFETIME_MAX {
        return Err(AuthorityError::Lifetime { lifetime_s: lifetime.as_secs() });
    }
    Ok(())
}

fn set_validity_and_serial(parameters: &mut CertificateParams, lifetime: Duration) -> Result<(), AuthorityError> {
    check_lifetime(lifetime)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    parameters.not_before = epoch + now.saturating_sub(backdate(lifetime));
    parameters.not_after = epoch + now + lifetime;
    let mut serial = [0; 16];
    SystemRandom::new().fill(&mut serial).map_err(|_| AuthorityError::Random)?;
    // A serial is a positive integer: clear the sign bit, and keep the first byte from being zero.
    serial[0] = serial[0] & 0x7f | 0x40;
    parameters.serial_number = Some(rcgen::SerialNumber::from_slice(&serial));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewal_asks_for_the_lifetime_that_was_asked_for() {
        for lifetime_s in [1, 7, 10, 30, 3_600, 35_990, 36_000, 86_400, 397 * 86_400, 3650 * 86_400] {
            let parameters = AuthorityParameters {
                common_name: "a CA".to_owned(),
                lifetime: Duration::from_secs(lifetime_s),
                algorithm: KeyAlgorithm::default(),
            };
            let again = Authority::generate(&parameters).unwrap().renewal_parameters().unwrap();
            assert_eq!(again.lifetime.as_secs(), lifetime_s);
            assert_eq!((again.common_name.as_str(), again.algorithm), ("a CA", KeyAlgorithm::default()));
        }
    }
}
