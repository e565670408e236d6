//! Passwords of accounts, in the one place that the gateway and the admin server share.
//!
//! An Argon2id hash costs tens of milliseconds and 19 MiB on purpose, so three things stand around it here: a bound on
//! how many run and wait at once, a cache that answers a repeated password at the price of one HMAC, and the same amount
//! of work for a name that does not exist. This crate knows no accounts: the caller brings the stored hash.

mod basic;
mod cache;
mod passwords;
mod random;

pub use basic::{BasicCredentials, parse_basic};
pub use passwords::{CredentialError, Limits, PASSWORD_BYTES_MAX, PASSWORD_CHARACTERS_MIN, Passwords, check_password};
pub use random::{random_bytes, random_password, random_recovery_code};
