//! Client certificates of administrators: a program that holds the private key acts for its owner.

use serde::{Deserialize, Serialize};

use crate::names::AccountName;

/// Most certificates of one administrator: more are a sign of a program that makes them and never removes.
pub(crate) const CERTIFICATES_MAX: usize = 20;

/// A certificate that an administrator has. Kept under its SHA-256: whoever shows it and proves to have its key is its owner, whoever
/// has issued it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AdministratorCertificate {
    /// It ends with this administrator.
    pub owner: AccountName,
    /// As the certificate says it: for people.
    pub subject: String,
    /// What it is for, in words.
    pub description: String,
    pub not_before_ms: u64,
    pub not_after_ms: u64,
    /// The owner, or who has given it to them.
    pub created_by: String,
    pub created_ms: u64,
}

impl AdministratorCertificate {
    pub fn is_valid_at(&self, now_ms: u64) -> bool {
        (self.not_before_ms..=self.not_after_ms).contains(&now_ms)
    }
}
