//! A certificate with chain and key as it travels between programs: PKCS#12, or PEM.
//!
//! Files hold certificates in any order, and more of them than a chain needs. The key says which is the node's own; the others
//! are put behind it, issuer by issuer.

use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::alias::Alias;
use crate::certificate::{CHAIN_LENGTH_MAX, CertificateError, to_pem};
use crate::credentials::key_matches;
use crate::key_file::{KeyFileError, PrivateKey};
use crate::key_pem::{ENCRYPTED_LABEL, EncryptedKeyError};
use crate::local::LocalCertificate;
use crate::pkcs12::{self, Pkcs12Error, Pkcs12Profile};
use crate::usable::UnusableCertificate;

/// No file with one key and its chain is larger.
pub const BUNDLE_MAX_BYTES: usize = pkcs12::FILE_MAX_BYTES;

/// What a file held, before it is put in order.
pub(crate) struct Found {
    pub(crate) keys: Vec<(Option<String>, PrivateKey)>,
    pub(crate) certificates: Vec<CertificateDer<'static>>,
}

/// One key and its chain, its own certificate first.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The alias under which the file knew it.
    pub name: Option<String>,
    /// The chain; never empty.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key of the first certificate.
    pub key: PrivateKey,
}

/// Why a file gave no certificate with its key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Larger than what we are ready to read.
    #[error(
        "the file has {length_bytes} bytes, more than {BUNDLE_MAX_BYTES}; export the one certificate with its key and chain"
    )]
    TooLarge {
        /// Its length.
        length_bytes: usize,
    },
    /// Neither PEM nor PKCS#12.
    #[error("the file is neither PKCS#12 (.p12, .pfx) nor PEM")]
    Unrecognised,
    /// PKCS#12.
    #[error(transparent)]
    Pkcs12(#[from] Pkcs12Error),
    /// A key in PEM.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// A key in encrypted PEM.
    #[error(transparent)]
    EncryptedKey(#[from] EncryptedKeyError),
    /// A certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Certificates only.
    #[error(
        "the file holds no private key; export the certificate with its key (a CA is imported with `flotilla ca import`)"
    )]
    MissingKey,
    /// We cannot know which is meant.
    #[error("the file holds {count} private keys{names}; export the one that is meant")]
    SeveralKeys {
        /// How many.
        count: usize,
        /// Their names, as text to follow.
        names: String,
    },
    /// A key only.
    #[error("the file holds a private key and no certificate; export both")]
    MissingCertificate,
    /// It is not usable as a local certificate.
    #[error(transparent)]
    Unusable(#[from] UnusableCertificate),
}

impl Bundle {
    /// Reads a file of either form, told apart by its contents.
    pub fn read(file: &[u8], password: Option<&str>) -> Result<Self, BundleError> {
        if file.len() > BUNDLE_MAX_BYTES {
            return Err(BundleError::TooLarge { length_bytes: file.len() });
        }
        if is_pem(file) {
            return read_pem(file, password)?.into_bundle();
        }
        // A sequence in DER.
        if file.first() != Some(&0x30) {
            return Err(BundleError::Unrecognised);
        }
        pkcs12::read(file, password.ok_or(Pkcs12Error::PasswordNeeded)?)?.into_bundle()
    }

    /// The local certificate under an alias, if it can be one at this time (milliseconds since the Unix epoch).
    pub fn into_local(self, alias: Alias, now_ms: u64) -> Result<LocalCertificate, BundleError> {
        let local = LocalCertificate { alias, chain: self.chain, key: self.key };
        local.check(now_ms)?;
        Ok(local)
    }
}

impl LocalCertificate {
    /// As PKCS#12 under a password; `keytool` shows it by its alias.
    pub fn to_pkcs12(&self, password: &str, profile: Pkcs12Profile) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
        pkcs12::write(self.alias.as_str(), &self.chain, &self.key, password, profile)
    }

    /// Key and chain as PEM; the key is encrypted when a password is given.
    pub fn to_pem(&self, password: Option<&str>) -> Result<Zeroizing<String>, EncryptedKeyError> {
        let key = match password {
            Some(password) => self.key.to_encrypted_pem(password)?,
            None => self.key.to_pem(),
        };
        let chain: String = self.chain.iter().map(|certificate| to_pem(certificate)).collect();
        Ok(Zeroizing::new([key.as_str(), &chain].concat()))
    }
}

fn is_pem(file: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    file.windows(BEGIN.len()).any(|window| window == BEGIN)
}

/// All keys and certificates of a PEM text; text between them (OpenSSL writes some) is passed over.
fn read_pem(text: &[u8], password: Option<&str>) -> Result<Found, BundleError> {
    let mut found = Found { keys: Vec::new(), certificates: Vec::new() };
    for block in pem::parse_many(text).map_err(|_| CertificateError::NoCertificate)? {
        let key = match block.tag() {
            "CERTIFICATE" => {
                found.certificates.push(block.into_contents().into());
                continue;
            }
            "PRIVATE KEY" => PrivateKey::from_pkcs8(block.into_contents()),
            ENCRYPTED_LABEL => {
                let der = block.into_contents();
                PrivateKey::from_encrypted_der(&der, password.ok_or(EncryptedKeyError::PasswordNeeded)?)?
            }
            // RSA PRIVATE KEY, EC PRIVATE KEY: the forms of before PKCS#8; the error says how to convert them.
            label if label.ends_with("PRIVATE KEY") => return Err(KeyFileError::Format.into()),
            _ => continue,
        };
        found.keys.push((None, key));
        // Each encrypted one costs time, and more than one is refused anyway.
        if found.keys.len() > 1 {
            break;
        }
    }
    Ok(found)
}

impl Found {
    fn into_bundle(mut self) -> Result<Bundle, BundleError> {
        if self.certificates.len() > CHAIN_LENGTH_MAX {
            return Err(CertificateError::TooMany.into());
        }
        if self.keys.len() > 1 {
            return Err(BundleError::SeveralKeys { count: self.keys.len(), names: self.names() });
        }
        let (name, key) = self.keys.pop().ok_or(BundleError::MissingKey)?;
        let Some(first) = self.certificates.first() else { return Err(BundleError::MissingCertificate) };
        let own = self.certificates.iter().find_map(|certificate| {
            let completed = key.completed_from(certificate);
            key_matches(vec![certificate.clone()], &completed).then(|| (certificate.clone(), completed))
        });
        // Of several certificates none fits: the first one is named, and `check` says why it does not.
        let (own, key) = own.unwrap_or_else(|| (first.clone(), key.completed_from(first)));
        Ok(Bundle { name, chain: chain_of(own, &self.certificates)?, key })
    }

    fn names(&self) -> String {
        let names: Vec<String> = self.keys.iter().filter_map(|(name, _)| name.clone()).take(8).collect();
        if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
    }
}

/// Follows the issuers from the node's own certificate, as far as they are there.
pub(crate) fn chain_of(
    own: CertificateDer<'static>,
    all: &[CertificateDer<'static>],
) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let names = |der: &CertificateDer<'_>| {
        let (_, certificate) = x509_parser::parse_x509_certificate(der).map_err(|_| CertificateError::Unreadable)?;
        Ok::<_, CertificateError>((certificate.subject().as_raw().to_vec(), certificate.issuer().as_raw().to_vec()))
    };
    let mut named = Vec::new();
    for certificate in all {
        named.push((names(certificate)?.0, certificate));
    }
    let mut chain = vec![own];
    while let Some(last) = chain.last() {
        let (subject, issuer) = names(last)?;
        if subject == issuer {
            break;
        }
        let next = named.iter().find(|(subject, certificate)| *subject == issuer && !chain.contains(certificate));
        let Some((_, next)) = next else { break };
        chain.push((*next).clone());
    }
    Ok(chain)
}
