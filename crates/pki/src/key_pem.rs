//! Private keys in PEM that is encrypted under a password (PKCS#8, PBES2), as `openssl pkcs8 -topk8` writes them.

use pkcs8::der::asn1::AnyRef;
use pkcs8::der::pem::LineEnding;
use pkcs8::der::{Decode, SecretDocument, SliceReader};
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::{AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::key_file::PrivateKey;

/// What a key's label says when it is encrypted.
pub(crate) const ENCRYPTED_LABEL: &str = "ENCRYPTED PRIVATE KEY";
/// Of files that we write.
const ITERATIONS: u32 = 100_000;
/// Of files that we read: a second or two.
const ITERATIONS_MAX: u32 = 2_000_000;
/// scrypt asks for memory, 128 bytes times cost times block size.
const SCRYPT_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Why an encrypted key was not opened or made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncryptedKeyError {
    /// The PEM block does not hold what its label says.
    #[error("the encrypted private key is damaged")]
    Damaged,
    /// No password was given.
    #[error("the private key is encrypted: a password is needed")]
    PasswordNeeded,
    /// It does not open.
    #[error("the password of the private key is wrong")]
    WrongPassword,
    /// Its key derivation asks for too much work or memory.
    #[error(
        "opening the private key would take too much work; write it again with `openssl pkcs8 -topk8 -iter 100000`"
    )]
    TooCostly,
    /// PKCS#5 version 1 and other old ciphers.
    #[error(
        "the cipher of the private key is not supported; write it again with `openssl pkcs8 -topk8 -v2 aes-256-cbc`"
    )]
    Unsupported,
    /// The operating system gave no random bytes, or the cipher refused them.
    #[error("the private key cannot be encrypted")]
    Write,
}

/// An algorithm that the parser has no name for is not damage.
fn unreadable(der: &[u8]) -> EncryptedKeyError {
    let algorithm = AnyRef::from_der(der).ok().and_then(|outer| {
        let mut reader = SliceReader::new(outer.value()).ok()?;
        AlgorithmIdentifierRef::decode(&mut reader).ok()
    });
    if algorithm.is_some() { EncryptedKeyError::Unsupported } else { EncryptedKeyError::Damaged }
}

impl PrivateKey {
    /// Opens an encrypted key (the DER of its PEM block).
    pub(crate) fn from_encrypted_der(der: &[u8], password: &str) -> Result<Self, EncryptedKeyError> {
        let info = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| unreadable(der))?;
        let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else {
            return Err(EncryptedKeyError::Unsupported);
        };
        let is_bearable = match &parameters.kdf {
            Kdf::Pbkdf2(pbkdf2) => pbkdf2.iteration_count <= ITERATIONS_MAX,
            Kdf::Scrypt(scrypt) => {
                let memory = scrypt.cost_parameter.saturating_mul(128 * u64::from(scrypt.block_size));
                memory <= SCRYPT_MAX_BYTES && scrypt.parallelization <= 4
            }
            _ => false,
        };
        if !is_bearable {
            return Err(EncryptedKeyError::TooCostly);
        }
        let document = info.decrypt(password).map_err(|_| EncryptedKeyError::WrongPassword)?;
        Ok(Self::from_pkcs8(document.as_bytes().to_vec()))
    }

    /// The key as PEM under a password: AES-256, PBKDF2 with HMAC-SHA-256.
    pub fn to_encrypted_pem(&self, password: &str) -> Result<Zeroizing<String>, EncryptedKeyError> {
        let failed = || EncryptedKeyError::Write;
        let (mut salt, mut vector) = ([0; 16], [0; 16]);
        let random = SystemRandom::new();
        random.fill(&mut salt).and_then(|()| random.fill(&mut vector)).map_err(|_| failed())?;
        let parameters =
            Parameters::generate_pbkdf2_sha256_aes256cbc(ITERATIONS, &salt, vector).map_err(|_| failed())?;
        let encrypted = parameters.encrypt(password, &self.portable_der()).map_err(|_| failed())?;
        let encrypted_data = pkcs8::der::asn1::OctetStringRef::new(&encrypted).map_err(|_| failed())?;
        let info = EncryptedPrivateKeyInfoRef { encryption_algorithm: parameters.into(), encrypted_data };
        let document = SecretDocument::encode_msg(&info).map_err(|_| failed())?;
        document.to_pem(ENCRYPTED_LABEL, LineEnding::LF).map_err(|_| failed())
    }
}
