//! Proof of supervision, trap by trap: what actix does by itself, and what an actor under our supervisor does instead.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod actix_traps;
mod bounds;
mod lifecycle;
mod panics;
mod placement;
mod probe;
mod signals;
