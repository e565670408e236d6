//! The admin server over real HTTPS on loopback, before the real state machine: what callers see.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod access;
mod account_activity;
mod accounts;
mod api_tokens;
mod audit;
mod certificates;
mod changes;
mod client_certificates;
mod conditions;
mod consensus;
mod delegates;
mod description;
mod event_changes;
mod event_filters;
mod events;
mod harness;
mod history;
mod joining;
mod kind_routes;
mod lanes;
mod lockout;
mod long_lists;
mod parameters;
mod queue;
mod reading;
mod rehearsing;
mod requests;
mod second_factor;
mod server_log;
mod sessions;
mod set_up;
mod several_nodes;
