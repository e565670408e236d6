//! Clusters of real processes, seen from outside: set up, loaded, killed, frozen, cut short.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod administration;
mod common;
mod events;
mod failover;
mod files;
mod repair;
mod setup;
