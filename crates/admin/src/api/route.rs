//! Routes: what is done with each file that an account sends, and with its applications' events.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RouteView {
    pub account: String,
    /// `file.received`, or a kind of the applications' own, or a beginning of kinds: `order.*`.
    #[serde(default)]
    pub kind: String,
    /// Where its events queue; absent: in the account's lane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// Of events that bring none of their own: 0 to 9, 9 goes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    pub steps: Vec<StepView>,
    /// For `If-Match`.
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum StepView {
    Checksum,
    Publish {
        account: String,
        folder: String,
    },
    Webhook {
        url: String,
        /// Whether requests are signed; the key itself is never shown.
        has_key: bool,
        timeout_ms: u64,
        idempotent: bool,
    },
    Command {
        program: String,
        arguments: Vec<String>,
        timeout_ms: u64,
        idempotent: bool,
    },
    Log {
        message: String,
    },
}

/// Query of `GET routes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RoutesQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Only those of accounts behind this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Absent: all of them. All routes of the last account come with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// Query of `routes/ACCOUNT`: which of its routes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RouteQuery {
    /// As `kind` of a route; absent: `file.received`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// Body of `PUT routes/ACCOUNT`: the whole route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteChange {
    pub steps: Vec<StepChange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
}

/// Body of `PATCH routes/ACCOUNT`. What is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutePatch {
    /// All of them, in place of those that there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<StepChange>>,
    /// `null`: the account's own.
    #[schema(value_type = Option<String>)]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    pub lane: Option<Option<String>>,
    /// `null`: the usual one.
    #[schema(value_type = Option<u8>)]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    pub priority: Option<Option<u8>>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum StepChange {
    /// Reads the file and compares its SHA-256.
    Checksum {},
    /// Gives the file to another account, without copying bytes.
    Publish {
        account: String,
        /// Empty for the account's top folder.
        #[serde(default)]
        folder: String,
    },
    /// Sends an HTTP POST.
    Webhook {
        url: String,
        /// Key of the HMAC signature.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// Instead of `key`: the one that the webhook with this URL has in the route that is set.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        keep_key: bool,
        #[serde(default = "default_timeout_ms")]
        timeout_ms: u64,
        /// The receiver honours the idempotency key, so that a doubtful delivery may be repeated.
        #[serde(default)]
        idempotent: bool,
    },
    /// Runs a program of the folder for commands of the node.
    Command {
        /// The name of a file in that folder.
        program: String,
        #[serde(default)]
        arguments: Vec<String>,
        #[serde(default = "default_command_timeout_ms")]
        timeout_ms: u64,
        /// A second run does no harm, so that a doubtful one may be repeated.
        #[serde(default)]
        idempotent: bool,
    },
    /// Writes a line to the node's log.
    Log { message: String },
}

fn default_timeout_ms() -> u64 {
    10_000
}

fn default_command_timeout_ms() -> u64 {
    60_000
}

impl std::fmt::Debug for StepChange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Checksum {} => formatter.write_str("Checksum"),
            Self::Publish { account, folder } => write!(formatter, "Publish({account:?}, {folder:?})"),
            Self::Webhook { url, key, .. } => write!(formatter, "Webhook({url:?}, has_key: {})", key.is_some()),
            Self::Command { program, arguments, .. } => write!(formatter, "Command({program:?}, {arguments:?})"),
            Self::Log { message } => write!(formatter, "Log({message:?})"),
        }
    }
}
