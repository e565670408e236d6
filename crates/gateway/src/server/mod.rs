//! Connections and what is done on each: TLS, bounds, timeouts, the ordered stop.
//!
//! HTTP/1.1 only: one transfer a connection, flow control by TCP alone, and no multiplexing that a client could abuse. The
//! connections are composed of actix's parts instead of its `HttpServer`, because only so a request with `Expect` can be
//! refused before its body, and a connection that moves no bytes be cut.

mod activity;
mod answer_body;
mod connection;
mod connections;
mod gateway;
mod listener;
mod service;

pub(crate) use answer_body::LongLived;
pub use gateway::{Gateway, StartError};
