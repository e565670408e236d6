//! The model from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
mod files;
mod golden;
mod properties;
mod queue;
