//! A new second factor, as its administrator gets to see it once.

use flotilla_credentials::{CredentialError, random_bytes};
use flotilla_model::{AccountName, Sealed, Sha256};
use flotilla_pki::{KeyError, Purpose, SecretSet};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{random_recovery_code, recovery_code_hash, second_factor_context, totp};

/// As long as the hash behind the codes (RFC 4226, 4).
const SECRET_BYTES: usize = 20;
const RECOVERY_CODES: usize = 10;

#[derive(Debug, Error)]
pub(crate) enum EnrolmentError {
    #[error(transparent)]
    Random(#[from] CredentialError),
    #[error("the secret cannot be sealed: {0}")]
    Seal(#[from] KeyError),
    #[error("no URI can be made of it")]
    Uri,
}

pub(crate) struct Enrolment {
    /// For the log.
    pub(crate) sealed: Sealed,
    pub(crate) recovery_code_hashes: Vec<Sha256>,
    /// For the administrator: what authenticators read as a QR code, the same secret to type in, and the codes for when it is lost.
    pub(crate) uri: String,
    pub(crate) secret: String,
    pub(crate) recovery_codes: Vec<String>,
}

impl Enrolment {
    /// `issuer`: what stands beside the name in the authenticator.
    pub(crate) fn draw(name: &AccountName, issuer: &str, secrets: &SecretSet) -> Result<Self, EnrolmentError> {
        let secret = Zeroizing::new(random_bytes::<SECRET_BYTES>()?);
        let totp = totp(secret.as_ref(), name, issuer).ok_or(EnrolmentError::Uri)?;
        let key = secrets.current().derive(Purpose::SealedValues);
        let recovery_codes: Vec<String> =
            (0..RECOVERY_CODES).map(|_| random_recovery_code()).collect::<Result<_, _>>()?;
        Ok(Self {
            sealed: Sealed(key.seal(&second_factor_context(name), secret.as_ref())?),
            recovery_code_hashes: recovery_codes.iter().map(|code| recovery_code_hash(code)).collect(),
            uri: totp.to_url().map_err(|_| EnrolmentError::Uri)?,
            secret: totp.secret().to_base32(),
            recovery_codes,
        })
    }
}
