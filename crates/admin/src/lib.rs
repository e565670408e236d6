//! Administration: REST over HTTPS on the admin port, the typed client of it, health and metrics.
//!
//! The server knows the replicated state and what the node publishes about itself, both through ports
//! ([`Ledger`], [`NodeFacts`]); it knows no actors. The consensus is such a ledger. Any node answers; a change is a command in the log.

pub mod api;
mod api_token;
mod certificates;
mod changes;
mod client;
mod consensus_ledger;
mod console;
mod doctor;
mod error;
mod history;
mod interface;
pub mod join;
mod local_token;
mod login_guard;
pub mod nodes;
pub mod parameter_file;
mod ports;
mod problems;
mod reader;
mod resources;
mod second_factor;
mod server;
mod server_log;
mod session;
mod statistics;
mod webhook;

pub use client::{Client, ClientError, Endpoints, Login};
pub use local_token::{LocalToken, LocalTokenError};
pub use ports::{Applied, Ledger, LedgerError, LedgerView, NodeFacts, PeerFacts, SyncFacts};
pub use problems::reference_page as problems_page;
pub use second_factor::second_factor_context;
pub use server::{Admin, AdminParts, AdminServer, StartError};
pub use webhook::{WEBHOOK_KEY_CONTEXT, webhook_notice};

/// The OpenAPI document of this interface, as `GET openapi.json` answers it.
pub fn openapi_json() -> String {
    String::from_utf8_lossy(&interface::document().json).into_owned()
}
