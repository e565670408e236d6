//! The model from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
mod deduplication;
mod files;
mod golden;
mod journal;
mod lanes;
mod listing;
mod operators;
mod ordering;
mod properties;
mod publishing;
mod queue;
mod snapshots;
mod times;
