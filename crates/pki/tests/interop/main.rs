//! Files exchanged with the programs that operators have: OpenSSL and Java's keytool, both ways. The programs are started; a
//! missing one is a failure that names its package.

#![allow(clippy::unwrap_used, reason = "test code")]

#[path = "../common/mod.rs"]
mod common;
mod keytool;
mod openssl;
mod programs;
mod requests;
