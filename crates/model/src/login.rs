//! How administrators come in: their sessions, what failed before, and the second thing that they show beside the password.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::Sha256;
use crate::names::AccountName;
use crate::party::Sealed;

/// Most sessions of one administrator; the oldest makes room.
pub(crate) const SESSIONS_MAX: usize = 20;
/// Longest user agent that is kept, in bytes.
pub(crate) const USER_AGENT_MAX_BYTES: usize = 200;
/// Most recovery codes of one administrator.
pub(crate) const RECOVERY_CODES_MAX: usize = 16;

/// A session of an administrator: a ULID drawn by the node that took the log-in. It names the session and proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LoginSessionId(pub u128);

impl fmt::Display for LoginSessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        ulid::Ulid(self.0).fmt(formatter)
    }
}

impl LoginSessionId {
    /// `None`: no id of a session.
    pub fn parse(text: &str) -> Option<Self> {
        ulid::Ulid::from_string(text).ok().map(|id| Self(id.0))
    }
}

/// Someone is logged in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LoginSession {
    pub administrator: AccountName,
    pub created_ms: u64,
    /// Its end however much it is used. The end for want of use is no matter of the state.
    pub expires_ms: u64,
    pub remote: String,
    pub user_agent: String,
    /// Whether a second factor was shown.
    pub has_second_factor: bool,
}

/// What failed of late for one administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LoginFailures {
    pub count: u32,
    /// Begin of the window in which they are counted.
    pub first_ms: u64,
    /// Until then nobody logs in under this name.
    pub locked_until_ms: Option<u64>,
}

/// A secret from which one-time codes are made (RFC 6238), and the codes for when it is lost.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SecondFactor {
    /// Under a key of the cluster secret.
    pub secret: Sealed,
    pub created_ms: u64,
    /// Since then it is asked for. `None`: nobody has shown yet that they can make codes of it.
    pub confirmed_ms: Option<u64>,
    /// The time step of the last code that was taken: none is taken twice, and none of before.
    pub last_step: u64,
    /// Hashes of recovery codes that were not used yet.
    pub recovery_codes: Vec<Sha256>,
}

/// What was shown beside the password. That a code is right is found out by the node that is asked, which can open the secret; that
/// it was not used before is found out here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FactorProof {
    /// The code of this time step.
    Code { step: u64 },
    /// The hash of a recovery code.
    RecoveryCode { hash: Sha256 },
}

/// Log-ins that one node refused under one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedLogins {
    pub name: AccountName,
    pub count: u32,
    /// Address of the last one.
    pub remote: String,
}
