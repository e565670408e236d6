//! Partners who are logged in with a browser.

use serde::{Deserialize, Serialize};

use crate::names::AccountName;

/// An account's holder is logged in: until it expires, they log out, the password is changed or the account disabled.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PartnerSession {
    pub account: AccountName,
    pub created_ms: u64,
    /// Its end however much it is used. The end for want of use is no matter of the state.
    pub expires_ms: u64,
    pub remote: String,
    pub user_agent: String,
}
