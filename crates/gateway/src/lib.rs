//! Protocols for partners. Today: HTTPS with HTTP Basic, folder listings and as much WebDAV as rclone needs; events of
//! applications, published and followed; uploads that are gone on with after an interruption (tus 1.0.0); a page for
//! people with a browser.
//!
//! A [`Gateway`] authenticates against the replicated accounts, streams bodies to and from [`flotilla_files`], and makes a
//! file appear with one command of the log. It knows no actors and no consensus, only the port [`Log`].

mod access;
mod answer;
mod codes;
mod commit;
mod config;
mod context;
mod events;
mod intake;
mod metrics;
mod observer;
mod page;
mod ports;
mod pressure;
mod problem;
mod refusals;
mod request;
mod server;
mod standby;
mod uploads;

pub use config::{Dependencies, GatewayConfig};
pub use metrics::{Histogram, LATENCY_BOUNDS_MS, METHODS, Metrics};
pub use ports::{Changes, Log, ProposeError};
pub use server::{Gateway, StartError};
