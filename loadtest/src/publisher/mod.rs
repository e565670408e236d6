//! A client of `POST /events/stream`: one long HTTP/1.1 request over TLS, events up as lines of JSON, an answer a line down.
//!
//! It shares the machine with the servers that it measures, so it must cost next to nothing: the lines are made before the
//! run, many of them share a chunk, a TLS record and a system call, and an answer is looked at, not parsed. It still holds
//! every answer to the contract: anything but the id of a new event ends the run.

mod answers;
mod chunked;
mod connection;
mod flight;
mod lines;
mod loops;
mod response;
#[cfg(test)]
pub(crate) mod tests;
mod thread;

pub(crate) use connection::{Connection, Target};
pub(crate) use lines::EventLines;
pub(crate) use loops::{Published, Until, closed_loop, paced};
pub(crate) use thread::on_own_thread;
