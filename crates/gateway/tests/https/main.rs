//! The gateway over real HTTPS on loopback, with real blob stores in temporary folders and a real state behind a log in
//! memory.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod connections;
mod curl;
mod download;
mod events;
mod listing;
mod log;
mod nodes;
mod outcome;
mod page;
mod paths;
mod raw;
mod rclone;
mod rig;
mod upload;
mod uploads;
mod webdav;
