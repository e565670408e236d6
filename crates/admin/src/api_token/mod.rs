//! API tokens on this side of the log: the text that a program presents, and when each was used last.

mod last_use;
mod secret;

pub(crate) use last_use::LastUse;
pub(crate) use secret::ApiTokenSecret;
