//! The admin server over real HTTPS on loopback, before the real state machine: what callers see.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod access;
mod accounts;
mod consensus;
mod events;
mod harness;
mod joining;
mod parameters;
mod reading;
mod requests;
