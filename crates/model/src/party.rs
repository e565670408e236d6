//! Accounts, administrators, routes and parameters: what people set.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::NodeId;
use crate::names::{AccountName, LaneName};
use crate::priority::Priority;

/// A value encrypted under a key of the cluster; opaque here, never shown.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sealed({} bytes)", self.0.len())
    }
}

/// A partner who sends and fetches files.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Account {
    pub name: AccountName,
    /// PHC string (Argon2id).
    pub password_hash: String,
    pub enabled: bool,
    /// Most bytes that the account's files may have together.
    pub quota_bytes: Option<u64>,
    /// Most files that the account may have.
    pub quota_files: Option<u64>,
    pub created_ms: u64,
    /// Raised by every change; a cached log-in of an older version is void.
    pub version: u64,
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Account")
            .field("name", &self.name)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// What an administrator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdministratorRole {
    Administrator,
    Operator,
    Auditor,
    /// Sees and steers what belongs to their accounts, and nothing else.
    Delegate,
}

impl AdministratorRole {
    /// Whether who has this role may do all that `other` may. A delegate's is beside the others: what it allows depends on who has it.
    pub fn includes(self, other: Self) -> bool {
        match (self.rank(), other.rank()) {
            (Some(own), Some(other)) => own >= other,
            _ => self == other,
        }
    }

    /// As people and documents call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
            Self::Delegate => "delegate",
        }
    }

    fn rank(self) -> Option<u8> {
        match self {
            Self::Administrator => Some(2),
            Self::Operator => Some(1),
            Self::Auditor => Some(0),
            Self::Delegate => None,
        }
    }
}

/// Someone who runs the cluster.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Administrator {
    pub name: AccountName,
    /// PHC string (Argon2id).
    pub password_hash: String,
    pub role: AdministratorRole,
    /// The password was given out by the system and has to be changed.
    pub must_change_password: bool,
    pub created_ms: u64,
    /// Raised by every change.
    pub version: u64,
}

/// In front of the hash of one who is disabled: no hash begins with it, so no password fits (as in shadow(5)).
const DISABLED: &str = "!";

impl Administrator {
    pub fn is_enabled(&self) -> bool {
        !self.password_hash.starts_with(DISABLED)
    }

    /// The same password, which is good or not.
    pub(crate) fn set_enabled(&mut self, is_enabled: bool) {
        let hash = self.password_hash.trim_start_matches(DISABLED);
        self.password_hash = if is_enabled { hash.to_owned() } else { format!("{DISABLED}{hash}") };
    }
}

impl fmt::Debug for Administrator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Administrator")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// One step of a route.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Step {
    /// Reads the whole file and compares its SHA-256 with the recorded one.
    Checksum,
    /// Gives the file to another account, in a folder of it. No bytes are copied.
    Publish { account: AccountName, folder: String },
    /// Sends a signed HTTP POST that tells of the file.
    Webhook {
        url: String,
        /// Key of the HMAC signature.
        key: Option<Sealed>,
        timeout_ms: u64,
        /// The receiver honours the idempotency key, so that a doubtful delivery may be repeated.
        idempotent: bool,
    },
    /// Runs a program of the folder for commands that each node names for itself, with the contents as its standard input.
    Command {
        /// The name of a file in that folder.
        program: String,
        arguments: Vec<String>,
        timeout_ms: u64,
        /// A second run does no harm, so that a doubtful one may be repeated.
        idempotent: bool,
    },
    /// Writes a line to the node's log.
    Log { message: String },
}

impl Step {
    /// Whether a name means a file in the folder for commands, and nothing elsewhere.
    pub fn is_program_name(name: &str) -> bool {
        (1..=255).contains(&name.len()) && !name.contains(['/', '\0']) && !matches!(name, "." | "..")
    }

    /// The name that people use for the kind of step.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Checksum => "checksum",
            Self::Publish { .. } => "publish",
            Self::Webhook { .. } => "webhook",
            Self::Command { .. } => "command",
            Self::Log { .. } => "log",
        }
    }

    /// Whether a second run does no harm.
    pub fn is_idempotent(&self) -> bool {
        match self {
            Self::Checksum | Self::Publish { .. } | Self::Log { .. } => true,
            Self::Webhook { idempotent, .. } | Self::Command { idempotent, .. } => *idempotent,
        }
    }
}

/// What is done with each file that an account sends, or with its events of a kind, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Route {
    pub steps: Vec<Step>,
    /// Raised by every change. 0: a route given to one event only.
    pub version: u64,
    /// Where its events queue; `None`: in their account's lane.
    pub lane: Option<LaneName>,
    /// Of events that bring none of their own.
    pub priority: Option<Priority>,
}

/// A configuration option, for the cluster or for one node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Parameter {
    pub value: String,
    /// Raised by every change.
    pub version: u64,
    pub changed_by: String,
    pub changed_ms: u64,
}

/// A value that a parameter had, or has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ParameterVersion {
    pub name: String,
    /// The value of one node instead of the cluster's.
    pub node: Option<NodeId>,
    /// `None`: it went back to the default.
    pub value: Option<String>,
    pub changed_by: String,
    pub changed_ms: u64,
}
