//! Requests and answers over one admitted connection: many at a time, answered in any order.

mod call;
mod client;
mod fair;
mod jobs;
mod ping;
mod server;
#[cfg(test)]
mod tests;

pub(crate) use client::RequestClient;
pub(crate) use ping::ConnectionEnd;
pub(crate) use server::{Serving, serve};
