//! The model from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod api_tokens;
mod audit;
mod common;
mod deduplication;
mod disabling;
mod drawn;
mod files;
mod golden;
mod journal;
mod lanes;
mod listing;
mod login;
mod operators;
mod ordering;
mod partner_sessions;
mod people_of_accounts;
mod properties;
mod publishing;
mod queue;
mod resubmission;
mod setup;
mod snapshots;
mod times;
mod uploads;
