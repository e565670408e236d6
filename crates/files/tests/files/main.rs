//! The crate from outside: real disks, other nodes in memory.

// The helpers are tests too, though clippy cannot see it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod care;
mod crash;
mod download;
mod durability;
mod model;
mod store;
mod support;
mod upload;
