//! The admin server: HTTPS on its own port.
//!
//! Any node answers any request; changes go through the ledger and from there to all nodes. Every resource below
//! `/api/v2.0/` needs an administrator or the node's own token, but `cluster/join`, which needs a join token. `/livez` and
//! `/readyz` tell nothing but themselves and need none; `/metrics` does.

mod authenticate;
mod body;
mod challenge;
mod context;
mod idempotency;
mod merge_patch;
mod precondition;
mod rate;
mod renewal;
mod shown_certificate;
mod start;
mod tagged;
mod versioned;

pub(crate) use authenticate::{
    Administer, AdministerOf, Anybody, Caller, Credential, Operate, OperateOf, Read, ReadOf, Scope, bad_credentials,
    check_password, identify, identify_with, idle_timeout, refuse_other_sites, remote_address, session_of,
};
pub(crate) use body::{Body, read as read_body};
pub(crate) use context::now_ms;
pub use context::{Admin, AdminParts};
pub(crate) use idempotency::{IdempotencyKey, Making};
pub(crate) use merge_patch::{MergePatch, Patch};
pub(crate) use precondition::{IfFingerprint, IfMatch, Precondition};
pub use start::{AdminServer, StartError};
pub(crate) use tagged::{Tagged, tag};
pub(crate) use versioned::Versioned;
