//! The second factor of an administrator.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Everything in it is shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecondFactorEnrolment {
    /// `otpauth://totp/…`: what authenticators read as a QR code.
    pub uri: String,
    /// The same secret in base32, to type in.
    pub secret: String,
    /// Each is good once in place of a code.
    pub recovery_codes: Vec<String>,
}

impl std::fmt::Debug for SecondFactorEnrolment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SecondFactorEnrolment(..)")
    }
}

/// Body of `POST administrators/NAME/second-factor/confirm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorConfirmation {
    /// Of the authenticator, six digits.
    pub code: String,
}
