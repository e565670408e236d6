//! API tokens: how programs show for whom they work. A token is its owner's, with no more rights than these.

use serde::{Deserialize, Serialize};

use crate::names::AccountName;
use crate::party::AdministratorRole;

/// Most tokens of a cluster: more are a sign of a program that makes them and never revokes.
pub(crate) const API_TOKENS_MAX: usize = 1000;

/// A permission that an administrator has given to a program. Kept under the hash of its secret, which is 256 random bits: none
/// needs guarding against guesses at a hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ApiToken {
    /// No two tokens of a cluster have the same.
    pub name: AccountName,
    /// The token ends with this administrator, or when their role no longer includes the token's.
    pub owner: AccountName,
    pub role: AdministratorRole,
    /// What it is for, in words.
    pub description: String,
    /// The owner, or `local`.
    pub created_by: String,
    pub created_ms: u64,
    /// `None`: until it is revoked.
    pub expires_ms: Option<u64>,
}

impl ApiToken {
    pub fn has_expired(&self, now_ms: u64) -> bool {
        self.expires_ms.is_some_and(|end_ms| end_ms <= now_ms)
    }
}
