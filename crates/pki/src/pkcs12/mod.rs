//! PKCS#12 (`.p12`, `.pfx`): a certificate with its chain and key under a password, as OpenSSL, Java's keytool and browsers
//! exchange it.
//!
//! `p12-keystore` reads and writes the format; what is judged here is what a hostile file may ask for (`cost`), and whether
//! what came out makes one certificate with its key (`crate::bundle`).

mod container;
mod cost;

use p12_keystore::error::Error;
use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, Pkcs12Archive, PrivateKeyChain,
};
use pkcs8::der::ErrorKind;
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::bundle::Found;
use crate::fingerprint::Fingerprint;
use crate::key_file::PrivateKey;

/// A key with a chain of several certificates is a tenth of it.
pub(crate) const FILE_MAX_BYTES: usize = 64 * 1024;
/// What OpenSSL and Java read is at least this long; shorter passwords protect nothing.
const PASSWORD_MIN: usize = 6;
const PASSWORD_MAX: usize = 256;
/// For files that we write: about what OWASP asks of PBKDF2 with HMAC-SHA-256 would make Java take seconds; passwords of
/// exports are for a transport.
const ITERATIONS: u32 = 100_000;

/// Which ciphers an exported file uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pkcs12Profile {
    /// AES-256 under PBKDF2 with HMAC-SHA-256; MAC with SHA-256. OpenSSL 1.1 or later, Java 8u301 or later, Windows 10.
    #[default]
    Modern,
    /// 3DES and SHA-1, for old programs and Apple's keychain. Weak: use a long random password and delete the file.
    Legacy,
}

/// Why a PKCS#12 file was not read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Pkcs12Error {
    /// Not PKCS#12, cut off, or altered.
    #[error("the file is damaged, or is no PKCS#12 file; transfer it again in binary mode")]
    Damaged,
    /// The MAC does not verify.
    #[error("the password is wrong (or the file was altered since it was written)")]
    WrongPassword,
    /// No password was given.
    #[error("a password is needed to open the file")]
    PasswordNeeded,
    /// The file has no MAC: neither its password nor its contents can be verified.
    #[error("the file has no integrity check (MAC); export it again with one")]
    NoMac,
    /// Its iteration counts would keep us busy for long.
    #[error("opening the file would take {iterations} iterations, more than {max}; export it again with fewer", max = cost::ITERATIONS_MAX)]
    TooCostly {
        /// What the file asks for.
        iterations: u64,
    },
    /// A cipher or digest that is not implemented.
    #[error("the file uses {what}, which is not supported; export it again with AES-256 and SHA-256")]
    Unsupported {
        /// Which.
        what: String,
    },
    /// Too short, too long, or with characters that programs encode differently.
    #[error(
        "the password of an exported file needs {PASSWORD_MIN} to {PASSWORD_MAX} characters of printable ASCII, which every program reads alike"
    )]
    Password,
    /// Making the file failed.
    #[error("the PKCS#12 file cannot be written: {what}")]
    Write {
        /// What the library said.
        what: String,
    },
}

/// All keys and certificates of a file.
pub(crate) fn read(file: &[u8], password: &str) -> Result<Found, Pkcs12Error> {
    if !has_mac(file)? {
        return Err(Pkcs12Error::NoMac);
    }
    cost::check(file, password)?;
    let archive = Pkcs12Archive::from_pkcs12(file, password).map_err(read_error)?;
    let key = |bag: &p12_keystore::PrivateKeyBag| {
        (bag.friendly_name.clone(), PrivateKey::from_pkcs8(bag.key.as_der().to_vec()))
    };
    Ok(Found {
        keys: archive.keys.iter().map(key).collect(),
        certificates: archive.certs.iter().map(|bag| CertificateDer::from(bag.cert.as_der().to_vec())).collect(),
    })
}

/// PFX: version, safe, and (if there is one) the MAC.
fn has_mac(file: &[u8]) -> Result<bool, Pkcs12Error> {
    use pkcs8::der::asn1::AnyRef;
    use pkcs8::der::{Decode, Reader, SliceReader};
    let pfx = AnyRef::from_der(file).map_err(|_| Pkcs12Error::Damaged)?;
    let mut reader = SliceReader::new(pfx.value()).map_err(|_| Pkcs12Error::Damaged)?;
    let mut parts = 0;
    while !reader.is_finished() {
        AnyRef::decode(&mut reader).map_err(|_| Pkcs12Error::Damaged)?;
        parts += 1;
    }
    if parts < 2 { Err(Pkcs12Error::Damaged) } else { Ok(parts > 2) }
}

fn read_error(error: Error) -> Pkcs12Error {
    match error {
        Error::MacError(_) => Pkcs12Error::WrongPassword,
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => {
            Pkcs12Error::Unsupported { what: "an unknown cipher or digest".to_owned() }
        }
        Error::Pkcs5Error(what) => Pkcs12Error::Unsupported { what },
        Error::UnsupportedContentType | Error::UnsupportedCertificateType => {
            Pkcs12Error::Unsupported { what: "contents of an unknown type".to_owned() }
        }
        Error::DerError(error) => match error.kind() {
            // An algorithm that the parser has no name for.
            ErrorKind::OidUnknown { oid } => Pkcs12Error::Unsupported { what: format!("the algorithm {oid}") },
            _ => Pkcs12Error::Damaged,
        },
        _ => Pkcs12Error::Damaged,
    }
}

/// A file with one key and its chain. `name` is the alias that keytool shows.
pub(crate) fn write(
    name: &str,
    chain: &[CertificateDer<'static>],
    key: &PrivateKey,
    password: &str,
    profile: Pkcs12Profile,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let is_plain = password.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if !is_plain || !(PASSWORD_MIN..=PASSWORD_MAX).contains(&password.len()) {
        return Err(Pkcs12Error::Password);
    }
    let failed = |error: Error| Pkcs12Error::Write { what: error.to_string() };
    let certificates = chain.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>();
    let key_id = chain.first().map(|leaf| Fingerprint::of(leaf).as_bytes().to_vec()).unwrap_or_default();
    let key = p12_keystore::PrivateKey::from_der(&key.portable_der()).map_err(failed)?;
    let mut store = KeyStore::new();
    let chain = PrivateKeyChain::new(key_id, key, certificates.map_err(failed)?);
    store.add_entry(name, KeyStoreEntry::PrivateKeyChain(chain));
    let (cipher, mac) = match profile {
        Pkcs12Profile::Modern => (EncryptionAlgorithm::PbeWithHmacSha256AndAes256, MacAlgorithm::HmacSha256),
        // RC2 with 40 bits, the other legacy cipher, is not written: whatever reads it reads 3DES as well.
        Pkcs12Profile::Legacy => (EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc, MacAlgorithm::HmacSha1),
    };
    let writer = store.writer(password).encryption_algorithm(cipher).mac_algorithm(mac);
    let file = writer.encryption_iterations(ITERATIONS).mac_iterations(ITERATIONS).write().map_err(failed)?;
    Ok(Zeroizing::new(file))
}
